package main

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
)

// Whether an entry's author was entitled, by the entries before it (FORMATS.md section 7, step 10).
//
// Everything begins with entry 0, which names the first authority's key and the recovery key. From there on each
// entry counts only if its own author was entitled by those before it:
//
//	party-registered, role-granted, role-withdrawn          the roles of a party, with their days
//	key-enrolled (with the proof of its holder), key-revoked   whose a key is
//	mandate-granted, mandate-withdrawn                      that a clerk records kinds of acts for a party
//
// Which role may record which act stands in roles.txt. Days compare by the calendar: what was granted is out of
// force only where no reading of the dates puts the act into its days. Licences are not looked at.
//
// In bundles only what travels with them is known: what is missing is not shown, and only what contradicts the act
// is a finding. Of a directory everything is there, so what is missing is a finding as well; there corrections of
// these entries count, nothing follows the end of the ledger, and of an act of an unknown type only the key is
// looked at.

//go:embed roles.txt
var roleLines string

var mayRecord = readRoles(roleLines)

func readRoles(lines string) map[string][]string {
	table := map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		kind, roles, _ := strings.Cut(line, ": ")
		table[kind] = strings.Fields(roles)
	}
	return table
}

var byRecovery = map[string]bool{
	"key-revoked/1": true, "key-enrolled/1": true, "ledger-key-changed/1": true, "ledger-key-revoked/1": true,
}

type standing int

const (
	entitled standing = iota
	notShown
	contradicted
)

type verdict struct {
	standing standing
	why      string
}

type holder struct {
	party    string
	recovery bool
}

// granted is a role, a mandate or an end of one of them, with its days: nil is open.
type granted struct {
	what         string
	since, until *span
	index        int64
}

type mandate struct {
	clerk, party string
	acts         []string
	days         granted
}

// register is what the entries seen so far show.
type register struct {
	whole     bool // all entries of the ledger are seen, in their order
	keys      map[string]holder
	revoked   map[string]granted
	roles     map[string][]granted
	withdrawn map[string][]granted
	mandates  map[string]mandate
	ended     map[string]granted
	closed    bool
	acts      map[int64]Statement // of a whole ledger: those that may be corrected
}

func newRegister(whole bool) *register {
	return &register{
		whole: whole, keys: map[string]holder{}, revoked: map[string]granted{}, roles: map[string][]granted{},
		withdrawn: map[string][]granted{}, mandates: map[string]mandate{}, ended: map[string]granted{},
		acts: map[int64]Statement{},
	}
}

// judge says whether the author was entitled, by what was seen so far; if so, the entry is seen too.
func (r *register) judge(e *Entry) verdict {
	v := r.judged(e)
	if v.standing == entitled {
		r.take(e.index, e.statement)
		if r.whole && e.statement.kind == "corrected/1" {
			r.correct(e.statement)
		}
	}
	return v
}

func (r *register) judged(e *Entry) verdict {
	s := e.statement
	if s.kind == "ledger-opened/1" {
		key, _ := s.body.bytes("authority_key")
		if origin, _ := s.body.get("origin"); e.index != 0 || !bytes.Equal(key, s.author) || origin != s.ledger {
			return verdict{contradicted, "it opens the ledger, and is not entry 0 by the key that it names"}
		}
		return verdict{}
	}
	held, known := r.keys[string(s.author)]
	switch gone, isRevoked := r.revoked[string(s.author)]; {
	case r.closed:
		return verdict{contradicted, "the ledger was closed before it"}
	case !known:
		return verdict{notShown, fmt.Sprintf("no entry enrols the key %s", hex.EncodeToString(s.author))}
	case isRevoked:
		return verdict{contradicted, fmt.Sprintf("its author's key was revoked by entry %d", gone.index)}
	case held.recovery && !byRecovery[s.kind]:
		return verdict{contradicted, "the recovery key does not record such an act"}
	case r.whole && mayRecord[s.kind] == nil:
		return verdict{}
	case r.whole && s.kind == "key-enrolled/1" && !agreed(s):
		return verdict{contradicted, "nothing shows that the holder of the key agreed"}
	}
	if documented, _ := s.body.get("documented"); documented == true {
		return r.holds(held.party, []string{"archivist"}, spanAt(e.recorded), s.kind)
	}
	return r.live(s, held.party, whenOf(e))
}

// whenOf is when an act is taken to have happened: as stated, otherwise when it was recorded.
func whenOf(e *Entry) span {
	if when, stated := spanOf(e.statement.occurred); stated {
		return when
	}
	return spanAt(e.recorded)
}

func (r *register) live(s Statement, author string, when span) verdict {
	acting := author
	if s.onBehalf {
		acting = s.behalf
	}
	if by, _ := s.body.get("by"); by != acting {
		return verdict{contradicted, fmt.Sprintf("its key speaks for %q, and the act is another's", acting)}
	}
	if s.onBehalf {
		if v := r.mandated(s.kind, author, acting, when); v.standing != entitled {
			return v
		}
	}
	if v := r.holds(acting, mayRecord[s.kind], when, s.kind); v.standing != entitled {
		return v
	}
	if owner := r.owner(s, acting); owner != acting && r.holds(acting, []string{"authority"}, when, "").standing != entitled {
		return verdict{contradicted, fmt.Sprintf("%q is no authority, and what it ends or gives is not its own", acting)}
	}
	return verdict{}
}

// holds says whether a party held one of the roles: granted, and not withdrawn by then.
func (r *register) holds(party string, wanted []string, when span, kind string) verdict {
	if !when.known {
		return verdict{notShown, "it was recorded at a time that no calendar has"}
	}
	gone := map[string]bool{}
	for _, end := range r.withdrawn[party] {
		gone[end.what] = gone[end.what] || end.inForce(when)
	}
	for _, role := range r.roles[party] {
		if !gone[role.what] && role.inForce(when) && contains(wanted, role.what) {
			return verdict{}
		}
	}
	return verdict{notShown, fmt.Sprintf("%q held none of the roles %v that record %s", party, wanted, kind)}
}

func (r *register) mandated(kind, clerk, party string, when span) verdict {
	if v := r.holds(clerk, []string{"clerk"}, when, kind); v.standing != entitled {
		return v
	}
	for name, m := range r.mandates {
		end, ended := r.ended[name]
		fits := m.clerk == clerk && m.party == party && contains(m.acts, kind)
		if fits && m.days.inForce(when) && !(ended && end.inForce(when)) {
			return verdict{}
		}
	}
	return verdict{notShown, fmt.Sprintf("%q had no mandate of %q for %s", clerk, party, kind)}
}

// owner is whose a mandate or a key is that an act gives or ends.
func (r *register) owner(s Statement, acting string) string {
	switch s.kind {
	case "mandate-granted/1":
		party, _ := s.body.text("party")
		return party
	case "mandate-withdrawn/1":
		name, _ := s.body.text("mandate")
		if m, known := r.mandates[name]; known {
			return m.party
		}
	case "key-revoked/1":
		key, _ := s.body.bytes("key")
		if held, known := r.keys[string(key)]; known {
			return held.party
		}
	}
	return acting
}

// disputed says that a later entry of a file revoked the author's key for the time of the act.
func (r *register) disputed(e *Entry) bool {
	gone, isRevoked := r.revoked[string(e.statement.author)]
	if !isRevoked || gone.index < e.index {
		return false
	}
	when := whenOf(e)
	return !when.known || gone.inForce(when)
}

// judgeTogether judges entries that travel together, all at one checkpoint: by their indexes, what is found.
func judgeTogether(every []*Entry) map[int64]verdict {
	known := newRegister(false)
	sorted := append([]*Entry{}, every...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].index < sorted[j].index })
	found := map[int64]verdict{}
	for _, one := range sorted {
		if _, twice := found[one.index]; !twice {
			found[one.index] = known.judge(one)
		}
	}
	for _, one := range sorted {
		if found[one.index].standing != contradicted && known.disputed(one) {
			found[one.index] = verdict{contradicted, "its author's key was revoked later for the time of the act"}
		}
	}
	return found
}

func (g granted) inForce(when span) bool {
	return !(g.since != nil && when.before(*g.since)) && !(g.until != nil && g.until.before(when))
}

func contains(list []string, wanted string) bool {
	for _, one := range list {
		if one == wanted {
			return true
		}
	}
	return false
}
