package main

// What an entry shows of keys, roles and mandates, once its author was entitled to record it.

// take keeps what an entry shows; a body of another form shows nothing.
func (r *register) take(index int64, s Statement) {
	party, hasParty := s.body.text("party")
	key, hasKey := s.body.bytes("key")
	switch s.kind {
	case "ledger-opened/1":
		r.takeOpening(index, s.body)
	case "ledger-closed/1":
		r.closed = r.whole
	case "party-registered/1":
		list, _ := s.body.get("roles")
		roles, ok := texts(list)
		for _, role := range roles {
			if ok && hasParty {
				r.roles[party] = append(r.roles[party], granted{role, nil, nil, index})
			}
		}
		r.acts[index] = s
	case "role-granted/1", "role-withdrawn/1":
		role, hasRole := s.body.text("role")
		days, ok := daysOf(s.body, role, index)
		if into := r.roles; ok && hasRole && hasParty {
			if s.kind == "role-withdrawn/1" {
				into = r.withdrawn
			}
			into[party] = append(into[party], days)
		}
		r.acts[index] = s
	case "key-enrolled/1":
		if _, taken := r.keys[string(key)]; !taken && agreed(s) {
			r.keys[string(key)] = holder{party, false}
		}
	case "key-revoked/1":
		days, ok := daysOf(s.body, "key", index)
		if _, twice := r.revoked[string(key)]; ok && hasKey && !twice {
			r.revoked[string(key)] = days
		}
	case "mandate-granted/1", "mandate-withdrawn/1":
		r.takeMandate(index, s)
		r.acts[index] = s
	}
}

func (r *register) takeOpening(index int64, body Map) {
	party, ok1 := body.text("by")
	key, ok2 := body.bytes("authority_key")
	if !ok1 || !ok2 {
		return
	}
	r.keys[string(key)] = holder{party, false}
	r.roles[party] = append(r.roles[party], granted{"authority", nil, nil, index})
	if recovery, ok := body.bytes("recovery_key"); ok && r.keys[string(recovery)] == (holder{}) {
		r.keys[string(recovery)] = holder{party, true}
	}
}

func (r *register) takeMandate(index int64, s Statement) {
	name, ok1 := s.body.text("mandate")
	days, ok2 := daysOf(s.body, name, index)
	if !ok1 || !ok2 {
		return
	}
	if s.kind == "mandate-withdrawn/1" {
		if _, twice := r.ended[name]; !twice {
			r.ended[name] = days
		}
		return
	}
	list, _ := s.body.get("acts")
	acts, ok3 := texts(list)
	clerk, ok4 := s.body.text("clerk")
	party, ok5 := s.body.text("party")
	if _, twice := r.mandates[name]; ok3 && ok4 && ok5 && !twice {
		r.mandates[name] = mandate{clerk, party, acts, days}
	}
}

// correct lets an entry show what its replacement says, from here on.
func (r *register) correct(s Statement) {
	index, _ := s.body.size("index")
	value, _ := s.body.get("replacement")
	body, isMap := value.(Map)
	before, known := r.acts[index]
	if !known || !isMap {
		return
	}
	for _, table := range []map[string][]granted{r.roles, r.withdrawn} {
		for party, list := range table {
			left := []granted{}
			for _, one := range list {
				if one.index != index {
					left = append(left, one)
				}
			}
			table[party] = left
		}
	}
	if name, ok := before.body.text("mandate"); ok {
		if r.mandates[name].days.index == index {
			delete(r.mandates, name)
		} else if r.ended[name].index == index {
			delete(r.ended, name)
		}
	}
	before.body = body
	r.take(index, before)
}

// agreed says whether the holder of an enrolled key signed that it is the party's.
func agreed(s Statement) bool {
	party, hasParty := s.body.text("party")
	key, _ := s.body.bytes("key")
	proof, _ := s.body.bytes("proof")
	message := append([]byte("adamas.enrol/1\n\x92"), packed(party)...)
	message = append(message, packed(s.ledger)...)
	return hasParty && len(key) == 33 && key[0] == 1 && verifyStrictly(key[1:], message, proof)
}

func packed(text string) []byte {
	switch n := len(text); {
	case n < 32:
		return append([]byte{0xa0 | byte(n)}, text...)
	case n < 256:
		return append([]byte{0xd9, byte(n)}, text...)
	default:
		return append([]byte{0xda, byte(n >> 8), byte(n)}, text...)
	}
}

func daysOf(body Map, what string, index int64) (granted, bool) {
	days := granted{what: what, index: index}
	for name, end := range map[string]**span{"since": &days.since, "until": &days.until} {
		value, there := body.get(name)
		if !there {
			continue
		}
		text, isText := value.(string)
		found, ok := spanOf(text)
		if !isText || !ok {
			return days, false
		}
		*end = &found
	}
	return days, true
}
