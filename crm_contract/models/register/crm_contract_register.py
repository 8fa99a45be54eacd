from collections.abc import Callable
from typing import NamedTuple

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import split_every

from ...tools.sheet import write_sheet

# Contracts that are in memory at the same time
CHUNK = 500


class Column(NamedTuple):
    """A column of the register: its heading, its value of a contract, its width."""

    heading: str
    read: Callable
    width: int = 14


class CrmContractRegister(models.AbstractModel):
    """The register of contracts: what the law and auditors ask for, as a spreadsheet.

    It has what its reader may read, in the language that he reads.
    """

    _name = "crm.contract.register"
    _description = "Register of contracts"

    @api.model
    def _export(self, domain, ids=None):
        """Return the register of the contracts of a domain: `(file name, bytes)`.

        :param domain: of a client: a list, read with the rights of the user
        :param ids: of some contracts instead (list of int)
        :raise AccessError: without the right to read contracts, or to export
        :raise UserError: for a domain that is none
        """
        contracts = self.env["crm.contract"]
        contracts.check_access("read")
        if not self.env.user.has_group("base.group_allow_export"):
            raise AccessError(
                self.env._("You have no right to export. Ask an administrator for it.")
            )
        if ids:
            contracts = contracts.with_context(active_test=False)
            domain = [("id", "in", ids)]
        try:
            found = contracts.search(Domain(domain), order="date_signed, number, id")
        except (TypeError, ValueError, KeyError) as error:
            raise UserError(
                self.env._("The filter of the list can't be read: %s", error)
            ) from error
        return self._get_file_name(), self._write_register(found)

    @api.model
    def _get_file_name(self):
        today = self.env.company._get_today()
        return f"{self.env._('Register of contracts')} {today.isoformat()}.xlsx"

    @api.model
    def _write_register(self, contracts, kind="exported"):
        """Return the register of contracts, which the user may read (bytes of xlsx).

        :param kind: of what is kept on record of it, see `crm.contract.access`
        """
        columns = self._get_columns()
        return write_sheet(
            self.env._("Register of contracts"),
            [(column.heading, column.width) for column in columns],
            self._iterate(contracts, columns, kind),
        )

    @api.model
    def _iterate(self, contracts, columns, kind):
        """Yield a list of values per contract; one with a sentence if there is none."""
        if not contracts:
            yield [self.env._("No contract matches.")]
        for ids in split_every(CHUNK, contracts.ids):
            chunk = contracts.browse(ids)
            self.env["crm.contract.access"]._note(chunk, kind)
            more = self._read_more(chunk)
            for contract in chunk:
                yield [column.read(contract, more[contract.id]) for column in columns]
            # Flat memory: what is written is not needed any more.
            self.env.invalidate_all()

    @api.model
    def _get_columns(self):
        """Return the columns, in their order (list of `Column`); extended by satellites.

        `read` gets a contract and what `_read_more` knows of it, and returns a str, a
        number, a date, an amount as (number, decimals), or None.
        """
        return [
            *self._get_party_columns(),
            *self._get_money_columns(),
            *self._get_term_columns(),
            *self._get_paper_columns(),
        ]

    @api.model
    def _read_more(self, contracts):
        """Return what is not a field of a contract, in a batch: `{id: dict}`.

        The reader may read the contracts; extended by satellites.
        """
        # sudo: of contracts that the reader may read, their seals and originals
        archives = self.env["crm.contract.archive"].sudo()
        sealings = self.env["crm.contract.sealing"].sudo()
        more = {contract.id: {"seals": [], "copies": 0} for contract in contracts}
        for archive in archives.search([("contract_id", "in", contracts.ids)]):
            more[archive.contract_id.id]["archive"] = archive
        for contract, stamp, copies in sealings._read_group(
            [("contract_id", "in", contracts.ids), ("copies_sealed", ">", 0)],
            ["contract_id", "stamp_id"],
            ["copies_sealed:sum"],
        ):
            known = more[contract.id]
            known["seals"].append(stamp.display_name)
            known["copies"] += copies
        return more

    def _get_party_columns(self):
        label = self._label_selection
        return [
            Column(self.env._("Contract no."), lambda c, _m: c.number or "", 18),
            Column(self.env._("Name"), lambda c, _m: c.name, 36),
            Column(self.env._("Our company"), lambda c, _m: c.company_id.name, 24),
            Column(
                self.env._("Customer"), lambda c, _m: c.commercial_partner_id.name, 30
            ),
            Column(
                self.env._("Registration no."),
                lambda c, _m: c.commercial_partner_id.company_registry or "",
                22,
            ),
            Column(self.env._("Kind"), lambda c, _m: label(c, "kind")),
            Column(
                self.env._("Predecessor"), lambda c, _m: c.sudo().origin_id.number or ""
            ),
            Column(self.env._("Contract type"), lambda c, _m: c.type_id.name, 20),
            Column(self.env._("State"), lambda c, _m: label(c, "state")),
            Column(self.env._("Responsible"), lambda c, _m: c.user_id.name or ""),
            Column(self.env._("Sales team"), lambda c, _m: c.team_id.name or ""),
        ]

    def _get_money_columns(self):
        def money(name):
            return lambda c, _m: (c[name], c.currency_id.decimal_places)

        return [
            Column(self.env._("Currency"), lambda c, _m: c.currency_id.name, 9),
            Column(self.env._("Untaxed amount"), money("amount_untaxed"), 16),
            Column(self.env._("Taxes"), money("amount_tax")),
            Column(self.env._("Contract value"), money("amount_total"), 16),
            Column(self.env._("Invoiced"), money("amount_invoiced"), 16),
            Column(self.env._("Received"), money("amount_paid"), 16),
            Column(self.env._("Overdue"), money("amount_overdue"), 16),
            Column(self.env._("To invoice"), money("amount_remaining"), 16),
            Column(
                self.env._("Payment terms"),
                lambda c, _m: c.payment_term_id.name or "",
                22,
            ),
        ]

    def _get_term_columns(self):
        return [
            Column(self.env._("Signed on"), lambda c, _m: c.date_signed or None),
            Column(self.env._("From"), lambda c, _m: c.date_start or None),
            Column(
                self.env._("Until"),
                lambda c, _m: (
                    c.date_end
                    or (self.env._("Open-ended") if c.is_open_ended else None)
                ),
            ),
            Column(self.env._("Ended on"), lambda c, _m: c.date_ended or None),
            Column(
                self.env._("Why it ended"),
                lambda c, _m: self._label_selection(c, "end_reason"),
            ),
            Column(
                self.env._("Signed for the customer by"),
                lambda c, _m: c.signed_by_customer or "",
                20,
            ),
            Column(
                self.env._("Signed for us by"),
                lambda c, _m: c.signed_by_company or "",
                20,
            ),
        ]

    def _get_paper_columns(self):
        def archive(name):
            return lambda c, more: ("archive" in more and more["archive"][name]) or None

        return [
            Column(self.env._("Seal"), lambda _c, more: ", ".join(more["seals"]), 20),
            Column(
                self.env._("Copies sealed"), lambda _c, more: more["copies"] or None, 10
            ),
            Column(self.env._("Originals"), archive("originals"), 10),
            Column(self.env._("Archive place"), archive("place"), 20),
            Column(self.env._("Archive box"), archive("box")),
            Column(self.env._("Filed on"), archive("date_filed")),
        ]

    def _label_selection(self, contract, name):
        """Return the label of a selection, in the language of the reader (str)."""
        field = contract._fields[name]
        return dict(field._description_selection(self.env)).get(contract[name], "")
