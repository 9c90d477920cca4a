"""Who is who, in memory: records with what names them, which become one where they can.

A record is called by the name in its mail address, else by the business's own id, else by the
customer it was made for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tests.machine.model import Model
from tests.machine.things import OWN, Said, Touch, demand


@dataclass
class Records(Model):
    """Each mail address and each own id leads to one record, and each customer too.

    `recorded` lists the records in the order they were made; `linked` those that recommend.
    """

    named: dict[str, str] = field(default_factory=dict)
    recorded: list[str] = field(default_factory=list)
    linked: set[str] = field(default_factory=set)

    def introduce(self, said: Said, at: datetime) -> str:
        """Meet a customer of the business by what it says."""
        person = self.meet(said, at)
        self.known[person] = min(at, self.known.get(person, at))
        self.retract(person, at)
        return person

    def meet(self, said: Said, at: datetime) -> str:
        """Find or make who the business means; what names two records makes one of them."""
        found = self._named_by(said)
        if len(found) > 1:
            self._unite(*found, at=at)
            found = self._named_by(said)
        demand(len(found) < 2, "IdentityConflict")
        holder = self.customers.of.get(said.customer or "")
        if not found and holder and self._is_nameless(holder):
            found = [holder]
        return self._tie(self._name(found[0] if found else None, said), said.customer, at)

    def claimed(self, said: Said, at: datetime) -> str:
        """Find or make who a provider says somebody is."""
        holder = self.customers.of.get(said.customer or "")
        if holder and not (said.own or said.mail):
            return holder
        if holder is None or self._is_nameless(holder):
            return self._tie(self._claimed_by_name(said, holder), said.customer, at)
        if said.own is None or self.named.get(said.own) == holder:
            return holder
        return self._by_own_id(said.own, holder, at)

    def said_of(self, person: str) -> Said:
        """Name a record by the first of what names it."""
        names = sorted(self._names(person), key=lambda one: one.endswith(OWN))
        if not names:
            return Said(customer=self.customers.current(person))
        return Said(own=names[0]) if names[0].endswith(OWN) else Said(mail=names[0])

    def sign_up_once(self, touch: Touch, friend: str, at: datetime) -> None:
        """Take what came with a payment as a signup, unless the friend is referred there."""
        if all(one.friend != friend for one in self.referrals if one.program is touch.program):
            self.sign_up(touch.program, friend, [touch], at, told_at=at)

    def _claimed_by_name(self, said: Said, holder: str | None) -> str:
        found = self._named_by(said)
        if len(found) > 1:
            return self.named[said.own or ""]
        return found[0] if found else self._name(holder, said)

    def _by_own_id(self, own: str, holder: str, at: datetime) -> str:
        """The business's own id outweighs whose customer it was."""
        if own in self.named:
            other = self.named[own]
            return self._unite(other, holder, at=at) or other
        if any(name.endswith(OWN) for name in self._names(holder)):
            raise AssertionError("Nobody has two own ids here.")
        return self._name(holder, Said(own=own))

    def _named_by(self, said: Said) -> list[str]:
        found = {self.named[one] for one in (said.mail, said.own) if one in self.named}
        return sorted(found, key=self.recorded.index)

    def _tie(self, person: str, customer: str | None, at: datetime) -> str:
        if customer and customer not in self.customers.of:
            self.customers.of[customer] = person
            self.wake(person)
        holder = self.customers.of[customer] if customer else person
        if holder != person and self._is_nameless(holder):
            return self._unite(person, holder, at=at) or person
        return person

    def _unite(self, first: str, second: str, *, at: datetime) -> str | None:
        """Make one of two records, unless what names them differs, or both have a place here."""
        names = [*self._names(first), *self._names(second)]
        if len({one.endswith(OWN) for one in names}) < len(names):
            return None
        for kept, half in ((first, second), (second, first)):
            if half not in self.linked and all(one.friend != half for one in self.referrals):
                return self._absorb(half, kept, at=at)
        return None

    def _absorb(self, half: str, kept: str, *, at: datetime) -> str:
        self.heard = {one for one in self.heard if one[1] != half}
        since = [self.known.pop(one) for one in (half, kept) if one in self.known]
        self.known.update({kept: min(since)} if since else {})
        home = self.households.pop(half, half)
        if home != half and self.households.get(kept, kept) == kept:
            self.households[kept] = home
        self.recorded.remove(half)
        names = [*self._names(half), *self._names(kept)]
        self._rename(half, kept)
        person = self._call(kept, names)
        self.retract(person, at)
        self.judge_all(person)
        self.wake(person)
        return person

    def _name(self, person: str | None, said: Said) -> str:
        """Fill in what names a record, or make it."""
        names = [one for one in (said.mail, said.own) if one]
        if person is None:
            person = names[0] if names else f"?{said.customer}"
            self.recorded.append(person)
            if not names and said.customer:
                self.customers.of[said.customer] = person
        return self._call(person, [*self._names(person), *names])

    def _call(self, person: str, names: list[str]) -> str:
        """Call a record by the best of its names."""
        best = min(names, key=lambda one: one.endswith(OWN), default=person)
        if best != person:
            self._rename(person, best)
            self.recorded[self.recorded.index(person)] = best
        self.named.update(dict.fromkeys(names, best))
        return best

    def _rename(self, old: str, new: str) -> None:
        """Have everything that is told of one name be told of another."""
        self.named.update({one: new for one, holder in self.named.items() if holder == old})
        self.customers.hand_over(old, new)
        self.heard = {(one[0], new, *one[2:]) if one[1] == old else one for one in self.heard}
        for purchase in self.purchases:
            purchase.friend = new if purchase.friend == old else purchase.friend
        for referral in self.referrals:
            referral.friend = new if referral.friend == old else referral.friend
        for reward in self.rewards:
            reward.person = new if reward.person == old else reward.person
            reward.household = new if reward.household == old else reward.household
        for table in (self.known, self.households):
            if old in table:
                value = table.pop(old)
                table[new] = new if value == old else value
        for program in self.programs:
            taken = dict(program.taken)
            program.taken.clear()
            for count, amount in taken.items():
                program.taken[tuple(new if one == old else one for one in count)] += amount

    def _names(self, person: str) -> list[str]:
        return [one for one, holder in self.named.items() if holder == person]

    def _is_nameless(self, person: str) -> bool:
        return not self._names(person)
