"""What can happen to a parcel, what it changes, and when it is refused. Pure Python."""
