from datetime import timedelta

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tools import format_date

LIABILITY, ASSET = "liability", "asset"
REQUIRED = (
    "contract_revenue_journal_id",
    "contract_revenue_liability_id",
    "contract_revenue_asset_id",
)


class CrmContractRevenueEntry(models.AbstractModel):
    """Journal entries of a revenue statement: one per pair of accounts.

    What is billed and not earned is taken from revenue, what is earned and not billed
    added to it, for one day: the next one reverses it. Entries that exist count: a
    second run books what differs, and nothing if nothing does.
    """

    _name = "crm.contract.revenue.entry"
    _description = "Entries of revenue"

    @api.model
    def _make(self, statement):
        """Make what is missing of the entries of a month.

        :return: the new entries, without their reversals (account.move, drafts)
        :raise UserError: says what has to be done first
        """
        statement.ensure_one()
        self._check_rights()
        self._check_settings(statement.company_id)
        self._check_figures(statement)
        self._check_open(statement)
        # One at a time: who comes second sees what the first one booked.
        statement.sudo().lock_for_update()
        missing = self._get_missing(statement)
        if not missing:
            raise UserError(
                self.env._(
                    "%s: nothing is to be booked; the entries are those of the figures.",
                    statement.display_name,
                )
            )
        moves = self.env["account.move"].sudo()  # who may book was checked
        moves = moves.create(
            [
                self._prepare_move_vals(statement, pair, amount)
                for pair, amount in missing.items()
            ]
        )
        self._reverse(statement, moves)
        return moves.sudo(False)

    @api.model
    def _check_rights(self):
        if not self.env["account.move"].has_access("create"):
            raise AccessError(
                self.env._("Journal entries are made by accountants: ask one of them.")
            )

    @api.model
    def _check_settings(self, company):
        if not company.contract_revenue_entries:
            raise UserError(
                self.env._(
                    "%s makes no entries of revenue. Switch them on under Contracts → "
                    "Configuration → Settings → Revenue.",
                    company.display_name,
                )
            )
        # sudo: whether they are there, of the company that was chosen
        missing = [name for name in REQUIRED if not company.sudo()[name]]
        if missing:
            labels = company.fields_get(missing, ["string"])
            raise UserError(
                self.env._(
                    "%(company)s lacks settings of revenue: %(names)s. Choose them under "
                    "Contracts → Configuration → Settings → Revenue.",
                    company=company.display_name,
                    names=", ".join(labels[name]["string"] for name in missing),
                )
            )

    @api.model
    def _check_figures(self, statement):
        if not statement.date_computed:
            raise UserError(
                self.env._("%s is not computed yet.", statement.display_name)
            )
        problems = statement.line_ids.filtered("problem")
        if problems:
            raise UserError("\n".join(sorted(set(problems.mapped("problem")))))
        homeless = statement.line_ids.filtered(
            lambda row: (
                not row.account_id
                and (row.amount_company_liability or row.amount_company_asset)
            )
        )
        if homeless:
            raise UserError(
                self.env._(
                    "No revenue account is known of %s. Choose one under Contracts → "
                    "Configuration → Settings → Revenue, and compute again.",
                    ", ".join(homeless[:5].mapped("display_name")),
                )
            )

    @api.model
    def _check_open(self, statement):
        """Refuse a month that is locked, or whose next day is."""
        company = statement.company_id
        # sudo: the lock dates, whoever books
        company = company.sudo()
        journal = company.contract_revenue_journal_id
        for day in (statement.date, _get_next(statement)):
            locks = company._get_violated_lock_dates(day, False, journal)
            if locks:
                raise UserError(
                    self.env._(
                        "%(day)s is locked in the books of %(company)s until %(lock)s. "
                        "What has changed since belongs into the first open month: "
                        "compute its statement instead.",
                        day=format_date(self.env, day),
                        company=company.display_name,
                        lock=format_date(self.env, locks[-1][0]),
                    )
                )

    @api.model
    def _get_missing(self, statement):
        """Return what is still to be booked ({(kind, revenue account): amount})."""
        currency = statement.company_id.currency_id
        wanted = {}
        for account, liability, asset in self.env[
            "crm.contract.revenue.line"
        ]._read_group(
            [("revenue_id", "=", statement.id)],
            ["account_id"],
            ["amount_company_liability:sum", "amount_company_asset:sum"],
        ):
            wanted[LIABILITY, account] = liability
            wanted[ASSET, account] = asset
        booked = self._get_booked(statement)
        missing = {
            pair: currency.round(wanted.get(pair, 0.0) - booked.get(pair, 0.0))
            for pair in {**wanted, **booked}
        }
        return {pair: amount for pair, amount in missing.items() if amount}

    @api.model
    def _get_booked(self, statement):
        """Return what entries of the month book ({(kind, revenue account): amount}).

        Those that somebody cancelled book nothing; what he changed counts as he did.
        """
        company = statement.company_id.sudo()  # the accounts, whoever books
        kinds = {
            company.contract_revenue_liability_id: LIABILITY,
            company.contract_revenue_asset_id: ASSET,
        }
        booked = {}
        # sudo: entries of the statement, whoever books
        for move in statement.sudo().move_ids:
            if move.state == "cancel" or move.reversed_entry_id:
                continue
            for balance in move.line_ids.filtered(lambda row: row.account_id in kinds):
                other = (move.line_ids - balance)[:1].account_id
                kind = kinds[balance.account_id]
                amount = balance.balance if kind == ASSET else -balance.balance
                pair = (kind, other.sudo(False))
                booked[pair] = booked.get(pair, 0.0) + amount
        return booked

    @api.model
    def _prepare_move_vals(self, statement, pair, amount):
        """Return create values of an entry: what is not earned leaves the revenue."""
        kind, account = pair
        company = statement.company_id.sudo()  # the accounts, whoever books
        other = company[f"contract_revenue_{kind}_id"]
        label = (
            self.env._("Contract liabilities %s", statement.display_name)
            if kind == LIABILITY
            else self.env._("Contract assets %s", statement.display_name)
        )
        debit = amount if kind == ASSET else -amount
        return {
            "move_type": "entry",
            "company_id": company.id,
            "journal_id": company.contract_revenue_journal_id.id,
            "date": statement.date,
            "ref": label,
            "contract_revenue_id": statement.id,
            "line_ids": [
                Command.create(
                    {"account_id": other.id, "name": label, "balance": debit}
                ),
                Command.create(
                    {"account_id": account.id, "name": label, "balance": -debit}
                ),
            ],
        }

    @api.model
    def _reverse(self, statement, moves):
        """Make the reversals of the next day, as drafts; they follow their entries."""
        reversals = moves._reverse_moves(
            [
                {
                    "date": _get_next(statement),
                    "ref": self.env._("Reversal of %s", move.ref),
                }
                for move in moves
            ]
        )
        reversals.contract_revenue_id = statement


def _get_next(statement):
    return statement.date + timedelta(days=1)
