import re

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, format_date, formatLang

# What stands between names that are written into one line
_BETWEEN_NAMES = re.compile(r"[,;/&、，；\n]|\s(?:and|und|et)\s")


class CrmContractAuthority(models.Model):
    """Which authority covers a contract and a person, and why none does.

    Looked at where the type of the contract asks for it.
    """

    _inherit = "crm.contract.authority"

    @api.model
    def _filter_guarded(self, contracts):
        """Return the contracts that nobody signs for us without authority.

        Extended by satellites with texts that nobody signs anew.
        """
        return contracts.filtered("type_id.needs_authority")

    @api.model
    def _get_register(self, companies):
        """Return what the register has for companies (sudo): `{company: rows}`."""
        if not companies:
            return {}
        # sudo: who may sign, whoever asks
        rows = self.sudo().search(
            [("company_id", "in", companies.ids)],
            order="is_unlimited NULLS FIRST, amount_max, id",
        )
        return {
            company: rows.filtered(
                lambda row, company=company: row.company_id == company
            )
            for company in companies
        }

    @api.model
    def _get_rows(self, contract):
        """Return what the register has for the company of a contract (sudo)."""
        company = contract.sudo().company_id
        return self._get_register(company)[company]

    def _get_reason(self, contract, day):
        """Return why the authority does not cover a contract on a day (str), or "".

        :param day: of the signature (date), whose rate counts
        """
        self.ensure_one()
        contract = contract.sudo()
        return (
            self._get_person_reason()
            or self._get_day_reason(day)
            or self._get_scope_reason(contract)
            or self._get_amount_reason(contract, day)
        )

    def _get_person_reason(self):
        user = self.user_id
        is_there = self.partner_id.active and (
            not user or (user.active and self.company_id in user.company_ids)
        )
        if not is_there:
            return self.env._(
                "%(name)s is not there any more to sign for %(company)s.",
                name=self.name,
                company=self.company_id.name,
            )
        if self.granted_by_id and self._is_of(self.granted_by_id):
            return self.env._(
                "%s granted the authority to himself, which does not count.", self.name
            )
        return ""

    def _get_day_reason(self, day):
        if day < self.date_from:
            return self.env._(
                "%(name)s may sign from %(day)s on.",
                name=self.name,
                day=format_date(self.env, self.date_from),
            )
        if self.date_until and day > self.date_until:
            return self.env._(
                "The authority of %(name)s expired on %(day)s.",
                name=self.name,
                day=format_date(self.env, self.date_until),
            )
        return ""

    def _get_scope_reason(self, contract):
        if self.type_ids and contract.type_id not in self.type_ids:
            return self.env._(
                "%(name)s may not sign contracts of the type %(type)s.",
                name=self.name,
                type=contract.type_id.name,
            )
        if self.kind and contract.kind != self.kind:
            kinds = dict(self._fields["kind"]._description_selection(self.env))
            return self.env._(
                "%(name)s may sign “%(kind)s” alone.",
                name=self.name,
                kind=kinds.get(self.kind, self.kind),
            )
        return ""

    def _get_amount_reason(self, contract, day):
        if self.is_unlimited:
            return ""
        value = self.env["crm.contract.worth"]._reckon(contract, day)
        if value is None:
            return self.env._(
                "%(currency)s has no exchange rate: whether %(name)s may sign depends on "
                "the value. Enter a rate first.",
                currency=contract.currency_id.name,
                name=self.name,
            )
        currency = self.currency_id
        if currency.compare_amounts(value, self.amount_max) <= 0:
            return ""
        return self.env._(
            "%(name)s may sign up to %(limit)s; the contract comes to %(value)s.",
            name=self.name,
            limit=formatLang(self.env, self.amount_max, currency_obj=currency),
            value=formatLang(self.env, value, currency_obj=currency),
        )

    def _choose(self, contract, day):
        """Return the first of the authorities that covers a contract, or none."""
        return next(
            (row for row in self if not row._get_reason(contract, day)), self.browse()
        )

    def _explain(self, contract, name, day):
        """Return why a person, whose authorities these are, may not sign (str).

        :param name: of the person
        """
        if not self:
            return self.env._(
                "%s is not in the register of those who may sign for us.", name
            )
        # The last one reaches farthest.
        return self[-1]._get_reason(contract, day)

    def _filter_person(self, person):
        """Return the authorities of somebody.

        A contact who has, or gets, a log-in is known by that alone: contacts are merged
        and linked by people who grant nothing.

        :param person: contact, or user
        """
        person = person.sudo().with_context(active_test=False)
        users = person if person._name == "res.users" else person.user_ids
        if users:
            return self.filtered(lambda row: row.user_id in users)
        return self.filtered(
            lambda row: not row.user_id and person and row.partner_id == person
        )

    def _filter_name(self, name):
        """Return the authorities of whoever signs on paper by a name."""
        wanted = _plain(name)
        return self.filtered(
            lambda row: (
                wanted in (_plain(row.name), _plain(row.user_id.name)) and wanted
            )
        )

    @api.model
    def _propose(self, contract, rows=None):
        """Return the users who may sign a contract today, the least powerful first.

        :param rows: as of `_get_register`
        """
        rows = self._get_rows(contract) if rows is None else rows
        today = contract.company_id._get_today()
        return rows.filtered(
            lambda row: row.user_id and not row._get_reason(contract, today)
        ).user_id.sudo(False)

    @api.model
    def _name_signatories(self, contracts):
        """Name our signatory on drafts that need one with authority and name nobody."""
        drafts = self._filter_guarded(contracts).filtered(
            lambda contract: (
                contract.state == "draft" and not contract.company_signatory_id
            )
        )
        register = self._get_register(drafts.company_id)
        for contract in drafts:
            user = self._propose(contract, register[contract.company_id])[:1]
            if user:
                contract.company_signatory_id = user

    @api.model
    def _prove_paper(self, contract):
        """Check who signed for us on paper, and keep the letters with the contract.

        :raise UserError: naming those who had no authority for it
        """
        if not self._filter_guarded(contract):
            return
        rows, day = self._get_rows(contract), self._get_day_of(contract)
        whole = contract.signed_by_company
        problems, used = [], self.sudo().browse()
        for name in [whole] if rows._filter_name(whole) else _split(whole):
            own = rows._filter_name(name)
            found = own._choose(contract, day)
            used |= found
            if not found:
                problems.append(own._explain(contract, name, day))
        if problems:
            raise UserError("\n".join([*problems, self._get_way_out()]))
        used._attach(contract)

    @api.model
    def _get_day_of(self, contract):
        """Return the day of a signature on paper: not before the text was submitted."""
        company, submitted = contract.company_id, contract.date_submitted
        first = submitted and company._get_today(submitted)
        return max(filter(None, (contract.date_signed, first)))

    @api.model
    def _get_way_out(self):
        return self.env._(
            "Have it signed by somebody who may, or ask a contract manager to enter the "
            "authority."
        )

    def _attach(self, contract):
        """Write by which authorities we signed, and keep copies of their letters."""
        events = self.env["crm.contract.event"]
        kept = set(
            contract.document_ids.filtered(lambda row: row.kind == "letter").mapped(
                "sha256"
            )
        )
        for row in self:
            events._add(contract, "authorised", row._describe_use())
            letter = row._get_letter()
            if letter and row.letter_sha256 not in kept:
                name = row.letter_name or self.env._("Letter of authority")
                self.env["crm.contract.document"]._store(
                    contract, "letter", name, letter
                )

    def _describe_use(self):
        """Return what the chain keeps of an authority (flat dict); no amounts."""
        self.ensure_one()
        return {
            "authority": self.id,
            "name": self.name,
            "from": str(self.date_from),
            "until": self.date_until and str(self.date_until) or None,
            "granted_by": self.granted_by_id.name or None,
            "letter_sha256": self.letter_sha256 or None,
        }

    @api.model
    def _get_refusal_of(self, signatory, rows=None):
        """Return why one of our signatories may not sign online (str), or "".

        :param signatory: crm.contract.signatory
        """
        contract = signatory.sudo().contract_id
        is_ours = signatory.side == "company" and signatory.role == "signer"
        if not is_ours or not self._filter_guarded(contract):
            return ""
        rows = self._get_rows(contract)._filter_person(signatory._get_person())
        today = contract.company_id._get_today()
        found = rows._choose(contract, today)
        if not found:
            return rows._explain(contract, signatory.name, today)
        address = email_normalize(found.user_id.email or found.email or "")
        if email_normalize(signatory.email or "") != address:
            return self.env._(
                "%(name)s signs at the address of the register: %(address)s.",
                name=signatory.name,
                address=address or self.env._("none"),
            )
        return ""


def _split(names):
    """Return the names that stand in one line (list of str, never empty)."""
    found = filter(None, map(str.strip, _BETWEEN_NAMES.split(names or "")))
    return list(found) or [names or ""]


def _plain(name):
    return " ".join((name or "").casefold().split())
