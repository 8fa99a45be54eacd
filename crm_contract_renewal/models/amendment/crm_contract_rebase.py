from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crm_contract.tools.difference import Change, difference_html
from odoo.addons.crm_contract.tools.version import values_of

from ...tools.merge import merge
from .crm_contract_amendment import OWN_CONTENT

# Characters up to which a text before and after a change is read at a glance.
SHORT = 80


class CrmContract(models.Model):
    """Amendment: what it changes, and how it is drafted anew on what was signed since."""

    _inherit = "crm.contract"

    difference = fields.Html(
        string="What changes", compute="_compute_difference", sanitize=False
    )
    billed_beyond = fields.Text(compute="_compute_billed_beyond")
    is_outdated = fields.Boolean(
        compute="_compute_is_outdated",
        help="Another amendment was signed since this one was drafted.",
    )
    conflicts = fields.Text(
        readonly=True,
        copy=False,
        help="What this draft and an amendment that was signed since change, each in "
        "its own way. This draft's side stands.",
    )

    @api.model
    def _get_owned_fields(self):
        return super()._get_owned_fields() | {"conflicts"}

    def _compute_difference(self):
        for contract in self:
            contract.difference = contract._is_amendment() and self.env[
                "ir.qweb"
            ]._render(
                "crm_contract_renewal.amendment_changes",
                {"changes": contract._get_printed_changes()},
            )

    def _compute_billed_beyond(self):
        for contract in self:
            is_pending = contract.state in ("draft", "review", "to_sign")
            contract.billed_beyond = (
                contract._is_amendment() and is_pending and contract._describe_billed()
            )

    def _compute_is_outdated(self):
        for contract in self:
            contract.is_outdated = (
                contract._is_amendment()
                and contract.state in ("draft", "review", "to_sign")
                and contract._needs_rebase()
            )

    def _get_agreed_changes(self):
        """Return what the amendment changes of its contract, and of its value."""
        if not self._is_amendment():
            return super()._get_agreed_changes()
        value = {
            "label": self._fields["amount_total"]._description_string(self.env),
            "old": self.currency_id.format(self.amount_base),
            "new": self.currency_id.format(self.amount_total),
        }
        changes = self._describe_changes(self._get_differences())
        return [value, *changes] if self.amount_effect else changes

    def _get_printed_changes(self):
        """Return what changes, placeholders resolved, as both sides sign it.

        :return: as `_describe_changes`, with the `difference` of longer texts (Markup
            or "")
        """
        self.ensure_one()
        changes = self._describe_changes(self._get_differences())
        for change in changes:
            old, new = change["old"], change["new"]
            is_long = old and new and max(len(old), len(new)) > SHORT
            change["difference"] = difference_html(old, new) if is_long else ""
        return changes

    def _changes_plan(self):
        """Return whether the payment plan is another one."""
        return any(
            change.path[0] == "installment_ids" for change in self._get_differences()
        )

    def _get_differences(self):
        """Return the changes against what the amendment was drafted on (`Change`)."""
        self.ensure_one()
        if self.version_id:
            content = self.version_id._get_content()
        else:
            draft = self.with_context(lang=self._get_print_lang())
            content = draft._get_content(read=True)
        changes = self.base_version_id._get_differences(content)
        return [
            change
            for change in changes
            if change.path[-1] != "sequence" and change.path[0] not in OWN_CONTENT
        ]

    def action_rebase(self):
        """Draft the amendment anew on what was signed since; its own changes stay.

        What both changed, each in its own way, is named in the field `conflicts`.

        :raise UserError: unless it is a draft of an amendment
        """
        self.check_access("write")
        for amendment in self:
            if not amendment._is_amendment() or amendment.state != "draft":
                raise UserError(
                    self.env._("Only drafts of amendments are drafted anew.")
                )
            self.env["crm.contract.rebase"]._rebase(amendment)
        return True


class CrmContractRebase(models.AbstractModel):
    """Drafts an amendment anew on what was signed since: a merge of three contents."""

    _name = "crm.contract.rebase"
    _description = "Rebase of amendments"

    @api.model
    def _rebase(self, amendment):
        """Take over what was signed since an amendment was drafted."""
        contract = amendment.origin_id
        # sudo: the content that was signed, keys and notes owned by code; the rights
        # on the draft were checked
        draft, version = amendment.sudo(), contract.sudo()._get_present_version()
        present = contract.sudo()._get_amendable_content()
        base = amendment.base_version_id._get_content()
        taken, conflicts = merge(*map(values_of, (base, draft._get_content(), present)))
        own = {(name,) for name in OWN_CONTENT}
        self._take_changes(
            draft, [change for change in taken if change.path not in own], version
        )
        draft._keep_billed_rows()
        draft._remember_base()
        texts = [
            self._describe_conflict(amendment, conflict)
            for conflict in conflicts
            if conflict.path not in own
        ]
        draft.conflicts = "\n".join(texts) or False
        amendment._message_log(
            body=Markup("%s<br/>%s")
            % (
                self.env._("Drafted anew on %s.", version.display_name),
                Markup("<br/>").join(texts),
            )
        )

    @api.model
    def _take_changes(self, amendment, changes, version):
        """Take over changes from the version of the contract that they lead to."""
        rows = {}
        for change in changes:
            if len(change.path) == 1:
                name = change.path[0]
                amendment[name] = version[name]
            else:
                rows.setdefault(change.path[:2], []).append(change)
        # Milestones first: installments name them.
        for (name, key), row_changes in sorted(
            rows.items(), key=lambda item: item[0][0] != "milestone_ids"
        ):
            source = version._get_rows_by_key(name).get(key)
            self._take_row_changes(amendment, name, key, source, row_changes)

    @api.model
    def _take_row_changes(self, amendment, name, key, source, changes):
        row = amendment._get_rows_by_key(name).get(key)
        if not source:
            if row:
                row.unlink()
            return
        if not row:
            vals = source._prepare_content_copy_vals(keep_keys=True)
            amendment[name].create(
                amendment._own([self._point_to_milestone(amendment, vals, source)])
            )
            return
        vals = source._prepare_content_copy_vals(keep_keys=True)
        names = {change.path[2] for change in changes}
        if "step_ids" in names:
            row.step_ids.unlink()
        vals = self._point_to_milestone(amendment, vals, source)
        row.write({field: vals[field] for field in names if field in vals})

    @api.model
    def _point_to_milestone(self, amendment, vals, source):
        """Let the values of an installment name the milestone of this contract."""
        if "milestone_id" in vals and source.milestone_id:
            milestones = amendment._get_rows_by_key("milestone_ids")
            vals["milestone_id"] = milestones[source.milestone_id.content_key].id
        return vals

    @api.model
    def _describe_conflict(self, amendment, conflict):
        mine, theirs = (
            self._describe_side(amendment, conflict.path, side)
            for side in (conflict.mine, conflict.theirs)
        )
        return self.env._(
            "%(what)s: “%(mine)s” here, “%(theirs)s” in what was signed.",
            what=mine["label"],
            mine=mine["new"] or self.env._("removed"),
            theirs=theirs["new"] or self.env._("removed"),
        )

    @api.model
    def _describe_side(self, amendment, path, value):
        if not isinstance(value, tuple):
            return amendment._describe_change(Change(path, None, value))
        # Rows within a row
        parts = [amendment._describe_change(change) for change in value]
        text = "; ".join(part["new"] or self.env._("removed") for part in parts)
        return {"label": parts[0]["label"], "new": text}
