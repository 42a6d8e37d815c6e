package main

import (
	"math"
	"regexp"
	"strings"
	"time"
)

// When something is said to have happened (FORMATS.md section 2): a year, month, day, a moment with seconds and a
// numeric offset, an interval in order, or one open on one side.

var moment = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T([0-9:]{8})([+-])([0-9]{2}):([0-9]{2})$`)

// days gives the first and the last day of a year, month or day.
func days(text string) (time.Time, time.Time, bool) {
	for layout, next := range map[string][3]int{"2006": {1, 0, 0}, "2006-01": {0, 1, 0}, "2006-01-02": {0, 0, 1}} {
		if first, err := time.Parse(layout, text); err == nil && len(text) == len(layout) && first.Year() > 0 {
			return first, first.AddDate(next[0], next[1], next[2]-1), true
		}
	}
	return time.Time{}, time.Time{}, false
}

func isOccurred(text string) bool {
	if parts := strings.Split(text, "/"); len(parts) == 2 {
		_, end, ok1 := days(parts[0])
		start, _, ok2 := days(parts[1])
		return ok1 && ok2 && end.Before(start) || ok1 && parts[1] == ".." || parts[0] == ".." && ok2
	}
	m := moment.FindStringSubmatch(text)
	if m == nil {
		_, _, ok := days(text)
		return ok
	}
	_, _, ok := days(text[:10])
	_, err := time.Parse("15:04:05", m[1])
	sign, hours, minutes := m[2], m[3], m[4]
	within := hours < "14" && minutes < "60" || hours == "14" && minutes == "00"
	return ok && err == nil && within && sign+hours+minutes != "-0000"
}

// span is the first and the last calendar day of a date, counted from 1970; open ends lie beyond all days.
type span struct {
	first, last int64
	known       bool // a calendar has it
}

const open = math.MaxInt64

// before says that every day of a lies before every day of b.
func (a span) before(b span) bool { return a.last < b.first }

// spanOf reads a date of the form that isOccurred takes; a moment counts as its own day.
func spanOf(text string) (span, bool) {
	if !isOccurred(text) {
		return span{}, false
	}
	if len(text) > 10 && text[10] == 'T' {
		text = text[:10]
	}
	start, end, isInterval := strings.Cut(text, "/")
	if !isInterval {
		end = start
	}
	found := span{-open, open, true}
	if first, _, ok := days(start); ok {
		found.first = first.Unix() / secondsOfDay
	}
	if _, last, ok := days(end); ok {
		found.last = last.Unix() / secondsOfDay
	}
	return found, true
}

const secondsOfDay = 86400

// spanAt is the day of an instant.
func spanAt(microseconds int64) span {
	day := time.UnixMicro(microseconds).UTC()
	number := (day.Unix() - int64(day.Hour()*3600+day.Minute()*60+day.Second())) / secondsOfDay
	return span{number, number, day.Year() <= 9999}
}
