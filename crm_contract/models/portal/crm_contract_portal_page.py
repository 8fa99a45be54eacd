from odoo import api, models
from odoo.fields import Domain

from ...tools.version import read_name
from ..ledger.crm_contract_installment import PLAN_TRIGGERS

# Documents that are for both sides; whatever else is stored is ours.
SHOWN_KINDS = ("signed", "text", "annex")
# Periods ahead of the present one that the plan lists.
LISTED_PERIODS = 12


class CrmContractPortal(models.AbstractModel):
    """What the page of a contract tells, as plain values.

    What is agreed is read from the frozen content alone: it is what is in force, in the
    words that were signed, and holds nothing that is ours alone. Beside it stand what
    was fulfilled, invoiced and paid, files, and the family.
    """

    _inherit = "crm.contract.portal"

    @api.model
    def _get_page(self, visit):
        """Return what the page of a contract tells a visitor.

        :param visit: as of `_visit`
        :return: dict; extended by satellites
        """
        contract = visit.contract
        content = contract._get_frozen_content() or {"fields": {}, "children": {}}
        return {
            **self._describe_brief(contract),
            "how": visit.how,
            "token": visit.link.access_token or "",
            "expiry": visit.link and visit.link._get_expiry_text(),
            "note": contract.state_note,
            "hash": contract.version_id.content_hash_short,
            "content_hash": contract.content_hash,
            "lang": contract._get_print_lang(),
            "date_signed": contract.date_signed,
            "signed_by": contract.date_signed
            and [contract.signed_by_customer, contract.signed_by_company],
            "contact": contract.user_id.name or "",
            "company": contract.company_id,
            "text": self._describe_text(contract, content),
            "duties": self._describe_duties(contract, content),
            "plan": self._describe_plan(contract),
            "documents": self._describe_documents(contract),
            "family": self._describe_family(visit),
            "messages": self._describe_messages(contract),
            "requests": self._get_requests(visit) if visit.can_write else [],
            "sign_url": self._get_sign_url(visit),
        }

    @api.model
    def _get_sign_url(self, visit):
        """Return where somebody who is logged in signs, empty if he doesn't (str)."""
        contract = visit.contract
        if visit.how == "link" or contract.state != "to_sign":
            return ""
        signatory = self.env["crm.contract.signatory"]._get_of_user(
            contract, self.env.user
        )
        mine = signatory and not signatory._get_refusal()
        return f"/my/contracts/{contract.id}/sign" if mine else ""

    @api.model
    def _describe_text(self, contract, content):
        """Return what was agreed, as people read it (dict), from frozen values."""
        values, rows = content["fields"], content["children"]
        reading = self.env["crm.contract.reading"]
        # Of a text that is printed in the name of nobody: nothing of ours is loaded.
        preamble = values.get(read_name("preamble")) or ""
        return {
            "parties": self._describe_parties(values),
            "preamble": reading._get_printable(preamble),
            "lines": self._describe_lines(contract, rows.get("line_ids", ())),
            "amounts": {
                name: values.get(read_name(name)) or 0.0
                for name in ("amount_untaxed", "amount_tax", "amount_total")
            },
            "date_start": values.get("date_start"),
            "date_end": not values.get("is_open_ended") and values.get("date_end"),
            "notice": self._get_period(values, "notice_period", "notice_unit"),
            "payment_term": values.get(read_name("payment_term_id")),
            "dispute": self._describe_dispute(contract, values),
            "clauses": self._describe_clauses(rows.get("clause_ids", ())),
            "changes": self.env["crm.contract.changes"]._get_agreed(contract),
        }

    @api.model
    def _get_period(self, values, number, unit):
        if not values.get(number) or not values.get(unit):
            return ""
        printer = self.env["crm.contract.print"]
        return printer._get_period_text(values[number], values[unit])

    @api.model
    def _describe_parties(self, values):
        """Return rows of (label, of the customer, of us), as printed."""
        rows = (
            (self.env._("Legal name"), "customer_legal_name", "company_legal_name"),
            (
                self.env._("Registration number"),
                "customer_registry",
                "company_registry_number",
            ),
            (self.env._("Tax ID"), "customer_vat", "company_vat_number"),
            (
                self.env._("Legal representative"),
                "customer_representative",
                "company_representative",
            ),
            (self.env._("Registered address"), "customer_address", "company_address"),
        )
        described = [
            (label, *(values.get(read_name(name)) or "" for name in names))
            for label, *names in rows
        ]
        return [row for row in described if any(row[1:])]

    @api.model
    def _describe_lines(self, contract, rows):
        lines = []
        for row in sorted(rows, key=lambda row: row["fields"].get("sequence") or 0):
            values = row["fields"]
            lines.append(
                {
                    "display_type": values.get("display_type") or "",
                    "name": values.get("name") or "",
                    "scope": values.get("scope") or "",
                    "service_standard": values.get("service_standard") or "",
                    "quantity": values.get("quantity") or 0.0,
                    "uom": values.get(read_name("product_uom_id")) or "",
                    "price": values.get("price_unit") or 0.0,
                    "discount": values.get("discount") or 0.0,
                    "taxes": values.get(read_name("tax_ids")) or "",
                    "subtotal": values.get(read_name("price_subtotal")) or 0.0,
                    "per": self._get_rhythm(values),
                    "from": values.get("is_recurring") and values.get("date_start"),
                    "to": values.get("is_recurring") and values.get("date_end"),
                    "steps": [
                        step["fields"]
                        for step in row.get("children", {}).get("step_ids", ())
                    ],
                }
            )
        return lines

    @api.model
    def _get_rhythm(self, values):
        if not values.get("is_recurring"):
            return ""
        names = ("recurrence_interval", "recurrence_unit")
        line = self.env["crm.contract.line"].new({name: values[name] for name in names})
        return line._get_per_period_text()

    @api.model
    def _describe_clauses(self, rows):
        """Return sections of (heading, [(heading, text), ...]) in their printed order."""
        categories = {
            row["fields"].get("category_id"): row["fields"].get(
                read_name("category_id")
            )
            for row in rows
        }
        # sudo: the order of the sections alone
        order = self.env["crm.contract.clause.category"].sudo()
        known = [("id", "in", list(filter(None, categories)))]
        ranks = {
            row.id: (row.sequence, row.id)
            for row in order.search_fetch(known, ["sequence"])
        }
        reading = self.env["crm.contract.reading"]
        sections = []
        for category in sorted(categories, key=lambda key: ranks.get(key, (999, 0))):
            clauses = [
                row["fields"]
                for row in rows
                if row["fields"].get("category_id") == category
            ]
            clauses.sort(key=lambda values: values.get("sequence") or 0)
            texts = [
                (
                    values.get("name") or "",
                    reading._get_printable(
                        values.get(read_name("body")) or values.get("body") or ""
                    ),
                )
                for values in clauses
            ]
            sections.append((categories[category] or "", texts))
        return sections

    @api.model
    def _describe_dispute(self, contract, values):
        methods = contract._fields["dispute_method"]._description_selection(self.env)
        named = (
            dict(methods).get(values.get("dispute_method")),
            values.get("dispute_institution"),
            values.get("dispute_place"),
        )
        return ", ".join(filter(None, named))

    @api.model
    def _describe_duties(self, contract, content):
        """Return the milestones of both sides, and whether they are fulfilled.

        Only the contract itself is fulfilled; a text that changes it says what is agreed.
        """
        rows = content["children"].get("milestone_ids", ())
        done = {}
        if rows and contract.performs and contract.state != "to_sign":
            done = {row.content_key: row.date_done for row in contract.milestone_ids}
        today = contract.company_id._get_today()
        duties = []
        for row in rows:
            values = row["fields"]
            day = values.get("date_deadline")
            deadline = day and self.env["crm.contract"]._fields["date_start"].to_date(
                day
            )
            finished = done.get(row["key"])
            duties.append(
                {
                    "name": values.get("name") or "",
                    "description": values.get("description") or "",
                    "is_theirs": values.get("party") == "customer",
                    "date_deadline": deadline,
                    **self._describe_terms(row["fields"], rows),
                    "date_done": finished,
                    "is_late": bool(
                        row["key"] in done
                        and not finished
                        and deadline
                        and deadline < today
                        and contract.state in ("signed", "running", "suspended")
                    ),
                }
            )
        return sorted(duties, key=lambda duty: str(duty["date_deadline"] or "9"))

    @api.model
    def _describe_terms(self, values, rows):
        """Return `due`, when a milestone falls due, and `terms`, what else is agreed.

        `due` is empty where it is a day.
        """
        milestones = self.env["crm.contract.milestone"]
        names = {row["key"]: row["fields"].get("name") or "" for row in rows}
        known = {name: values[name] for name in values if name in milestones._fields}
        after = (values.get("after_keys") or "").split()
        milestone = milestones.new(known)
        is_day = not values.get("trigger") and not values.get("recurrence_interval")
        after = [names[key] for key in after if key in names]
        return {
            "due": "" if is_day else milestone._get_due_text(after),
            "terms": milestone._get_terms_text(),
        }

    # Plan

    @api.model
    def _describe_plan(self, contract):
        """Return rows of the plan, and the invoices of them that may be paid.

        :return: `{"rows": [...], "later": number of periods ahead that are not listed,
            "earlier": of those that were settled long ago}`
        """
        rows = contract.installment_ids.filtered(
            lambda row: row.state not in ("cancelled", "waived")
        )
        today = contract.company_id._get_today()
        periods = rows.filtered(lambda row: row.trigger not in PLAN_TRIGGERS)
        settled = periods.filtered(lambda row: row.state in ("paid", "free"))
        ahead = (periods - settled).filtered(
            lambda row: not row.is_posted and row.date_due and row.date_due > today
        )
        earlier = settled.sorted("date_due", reverse=True)[LISTED_PERIODS:]
        later = ahead.sorted("date_due")[LISTED_PERIODS:]
        listed = rows - earlier - later
        invoices = self._get_invoices(contract, listed)
        return {
            "rows": [
                self._describe_row(row, invoices.get(row.id, ())) for row in listed
            ],
            "later": len(later),
            "earlier": len(earlier),
        }

    @api.model
    def _describe_row(self, row, invoices):
        fixed = row.trigger not in PLAN_TRIGGERS or row.trigger == "date"
        return {
            "name": row.name,
            "due": ""
            if fixed or (row.date_due and row.contract_id.performs)
            else row._get_due_text(),
            "date_due": row.date_due,
            "amount": row.amount,
            "status": self._get_row_status(row),
            "is_overdue": row.is_posted and row.is_overdue,
            "is_retention": row.is_retention,
            "invoices": invoices,
        }

    @api.model
    def _get_row_status(self, row):
        """Return what the customer is told of a row: a draft invoice is none yet.

        A text that only changes another contract says what is agreed: nothing is paid.
        """
        if not row.contract_id.performs:
            return ""
        if row.state == "paid":
            return "paid"
        if row.state == "free":
            return "free"
        if not row.is_posted:
            return "ahead"
        if row.currency_id.compare_amounts(abs(row.amount_paid), 0) > 0:
            return "partial"
        return "open"

    @api.model
    def _get_invoices(self, contract, rows):
        """Return posted invoices by the id of the row that they bill: {id: [dict]}.

        Those that went to somebody else are theirs, and not named here.
        """
        billed = rows.filtered("is_posted")
        if not billed:
            return {}
        # sudo: the visitor is the one whom the contract invoices
        lines = (
            self.env["account.move.line"]
            .sudo()
            .search(
                [
                    ("installment_id", "in", billed.ids),
                    ("parent_state", "=", "posted"),
                    ("move_id.move_type", "=", "out_invoice"),
                    (
                        "move_id.commercial_partner_id",
                        "=",
                        contract.commercial_partner_id.id,
                    ),
                ]
            )
        )
        described = {
            move: self._describe_invoice(move) for move in lines.move_id.sorted("id")
        }
        invoices = {}
        for line in lines.sorted("id"):
            of_row = invoices.setdefault(line.installment_id.id, [])
            if described[line.move_id] not in of_row:
                of_row.append(described[line.move_id])
        return invoices

    @api.model
    def _describe_invoice(self, move):
        is_open = move.payment_state in ("not_paid", "partial")
        return {
            "name": move.name,
            "url": move.get_portal_url(),
            "date_due": move.invoice_date_due,
            "residual": move.amount_residual,
            "is_open": is_open and not move.currency_id.is_zero(move.amount_residual),
        }

    # Files and family

    @api.model
    def _get_documents(self, contract):
        """Return the documents of a contract that its customer may have.

        The signed file, the text that is offered or signed, and what is annexed to it;
        never what was withdrawn, nor what only we keep.
        """
        of_version = Domain("version_id", "=", contract.version_id.id)
        documents = contract.document_ids.search_fetch(
            Domain("contract_id", "=", contract.id)
            & Domain("kind", "in", SHOWN_KINDS)
            & (Domain("kind", "=", "annex") | of_version),
            ["kind", "name", "sequence", "sha256", "version_id"],
        )
        return documents.sorted(
            lambda row: (SHOWN_KINDS.index(row.kind), row.sequence, row.id)
        )

    @api.model
    def _describe_documents(self, contract):
        documents = self._get_documents(contract)
        kinds = dict(
            documents._fields["kind"]._description_selection(self.env),
        )
        texts = documents.filtered(lambda row: row.kind == "text")
        # Of a text that was printed again, the last one.
        return [
            {
                "id": document.id,
                "name": document.name,
                "kind": document.kind,
                "kind_name": kinds[document.kind],
                "hash": document.short_hash,
                "sha256": document.sha256,
            }
            for document in documents - texts[:-1]
        ]

    @api.model
    def _describe_family(self, visit):
        """Return the other contracts of the family that the visitor may know of.

        A link opens one contract: the others are named, and open after a log-in.
        """
        contract = visit.contract
        family = contract.search(
            self._get_shown_domain() & self._get_family_domain(contract)
        )
        members = []
        for member in (family - contract).sorted("id"):
            row = self._describe_brief(member)
            members.append({**row, "url": visit.how != "link" and row["url"]})
        return members

    @api.model
    def _get_family_domain(self, contract):
        """Return the domain of what came before a contract, changes or follows it.

        A member that another customer took over is not of this one any more.
        """
        root = contract.root_id or contract
        customer = contract.commercial_partner_id
        return (Domain("root_id", "=", root.id) | Domain("id", "=", root.id)) & Domain(
            [
                ("commercial_partner_id", "=", customer.id),
                ("company_id", "=", contract.company_id.id),
            ]
        )
