import json

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crm_contract.tools.difference import Change, difference_html
from odoo.addons.crm_contract.tools.version import values_of

from ...tools.merge import merge
from .crm_contract_amendment import OWN_CONTENT

# Fields that say one thing together: taken over, or in conflict, as one.
GROUPS = {
    "": [
        ("date_start", "is_open_ended", "duration", "duration_unit", "date_end"),
        ("notice_period", "notice_unit"),
        ("renewal_mode", "renewal_duration", "renewal_unit"),
    ],
    "line_ids": [
        ("price_unit", "discount", "step_ids"),
        ("is_recurring", "recurrence_interval", "recurrence_unit"),
    ],
    "milestone_ids": [
        ("trigger", "trigger_days", "days_kind", "date_deadline"),
        ("recurrence_interval", "recurrence_unit"),
        ("penalty_kind", "penalty_amount", "penalty_percent", "penalty_cap"),
    ],
    "installment_ids": [
        ("amount_type", "percentage", "amount_fixed"),
        ("trigger", "date", "days", "milestone_id"),
    ],
}
# By what two rows are alike that two amendments add.
TWINS = {
    "line_ids": ("product_id", "name"),
    "clause_ids": ("template_id", "name"),
    "milestone_ids": ("name",),
    "installment_ids": ("name",),
    "document_ids": ("sha256",),
}
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
        help="What this draft and an amendment that was signed since both change, and "
        "nobody decided on yet.",
        owned=True,
    )

    def _compute_difference(self):
        for contract in self:
            contract.difference = contract._is_amendment() and self.env[
                "ir.qweb"
            ]._render(
                "crm_contract_renewal.amendment_changes",
                {"changes": self.env["crm.contract.changes"]._get_printed(contract)},
            )

    def _compute_billed_beyond(self):
        for contract in self:
            is_pending = contract.state in ("draft", "review", "to_sign")
            contract.billed_beyond = (
                contract._is_amendment()
                and is_pending
                and self.env["crm.contract.line.version"]._describe_billed(contract)
            )

    def _compute_is_outdated(self):
        for contract in self:
            contract.is_outdated = (
                contract._is_amendment()
                and contract.state in ("draft", "review", "to_sign")
                and self.env["crm.contract.rebase"]._is_needed(contract)
            )

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


class CrmContractChanges(models.AbstractModel):
    """What an amendment changes of what it was drafted on."""

    _inherit = "crm.contract.changes"

    @api.model
    def _get_agreed(self, contract):
        """Return what an amendment changes of its contract, and of its value."""
        if not contract._is_amendment():
            return super()._get_agreed(contract)
        value = {
            "label": contract._fields["amount_total"]._description_string(self.env),
            "old": contract.currency_id.format(contract.amount_base),
            "new": contract.currency_id.format(contract.amount_total),
        }
        changes = self._describe(contract, self._get_differences(contract))
        return [value, *changes] if contract.amount_effect else changes

    @api.model
    def _get_printed(self, amendment):
        """Return what changes, placeholders resolved, as both sides sign it.

        :return: as `_describe`, with the `difference` of longer texts (Markup or "")
        """
        changes = self._describe(amendment, self._get_differences(amendment))
        for change in changes:
            old, new = change["old"], change["new"]
            is_long = old and new and max(len(old), len(new)) > SHORT
            change["difference"] = difference_html(old, new) if is_long else ""
        return changes

    @api.model
    def _changes_plan(self, amendment):
        """Return whether the payment plan is another one."""
        return any(
            change.path[0] == "installment_ids"
            for change in self._get_differences(amendment)
        )

    @api.model
    def _get_differences(self, amendment):
        """Return the changes against what an amendment was drafted on (`Change`)."""
        amendment.ensure_one()
        if amendment.version_id:
            content = amendment.version_id._get_content()
        else:
            draft = amendment.with_context(lang=amendment._get_print_lang())
            content = draft._get_content(read=True)
        changes = amendment.base_version_id._get_differences(content)
        return [
            change
            for change in changes
            if change.path[-1] != "sequence" and change.path[0] not in OWN_CONTENT
        ]


class CrmContractRebase(models.AbstractModel):
    """Drafts an amendment anew on what was signed since: a merge of three contents."""

    _name = "crm.contract.rebase"
    _description = "Rebase of amendments"

    @api.model
    def _is_needed(self, amendment):
        """Return whether another one was signed since an amendment was drafted."""
        amendment.ensure_one()
        if amendment.version_id.date_signed:
            return False
        # sudo: versions of amendments that the user may not see
        last = self.env["crm.contract.version"]._get_last_signed(amendment.origin_id)
        return last != amendment.sudo().base_version_id.base_id

    @api.model
    def _rebase(self, amendment):
        """Take over what was signed since an amendment was drafted."""
        contract = amendment.origin_id
        # sudo: the content that was signed, keys and notes owned by code; the rights
        # on the draft were checked
        draft, version = amendment.sudo(), contract.sudo()._get_present_version()
        drafts = self.env["crm.contract.amendment"]
        present = drafts._get_amendable_content(contract.sudo())
        base = amendment.base_version_id._get_content()
        before = set(draft._get_rows_by_key("milestone_ids"))
        taken, conflicts = merge(
            *map(values_of, (base, draft._get_content(), present)), GROUPS, TWINS
        )
        own = {(name,) for name in OWN_CONTENT}
        self._take_changes(
            draft, [change for change in taken if change.path not in own], version
        )
        stuck = self._find_kept_milestones(
            draft, version, _get_keys(base, "milestone_ids"), before
        )
        drafts._keep_billed_rows(draft)
        drafts._remember_base(draft)
        rows = self.env["crm.contract.conflict"]._keep(
            amendment,
            [
                self._prepare_conflict_vals(amendment, version, conflict)
                for conflict in conflicts
                if conflict.path not in own and conflict.path not in stuck
            ]
            + list(stuck.values()),
        )
        texts = [row._describe() for row in rows]
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
        rows, names = {}, []
        for change in changes:
            if len(change.path) == 1:
                names.append(change.path[0])
            else:
                rows.setdefault(change.path[:2], []).append(change)
        # At once: what follows from one of them is not computed over another one.
        vals = version._prepare_content_vals()
        amendment.write({name: vals[name] for name in names if name in vals})
        for name in names:
            if name not in vals:
                amendment[name] = version[name]
        # Milestones first: installments name them. Those that are gone come last.
        for (name, key), row_changes in sorted(
            rows.items(), key=lambda item: item[0][0] != "milestone_ids"
        ):
            source = version._get_rows_by_key(name).get(key)
            if source or name != "milestone_ids":
                self._take_row_changes(amendment, name, key, source, row_changes)
        for name, key in rows:
            if name == "milestone_ids":
                self._remove_milestone(amendment, version, key)

    @api.model
    def _remove_milestone(self, amendment, version, key):
        """Remove a milestone that is gone, unless an installment waits for it."""
        milestone = amendment._get_rows_by_key("milestone_ids").get(key)
        if not milestone or key in version._get_rows_by_key("milestone_ids"):
            return
        if milestone not in amendment.installment_ids.milestone_id:
            milestone.unlink()

    @api.model
    def _find_kept_milestones(self, amendment, version, base, before):
        """Return the conflicts about milestones that one side removed: `{path: vals}`.

        They are in the draft as long as one of its installments waits for them, whoever
        removed them.

        :param base: keys of the milestones that the draft started from
        :param before: keys of those that the draft had before the rebase
        """
        theirs = version._get_rows_by_key("milestone_ids")
        conflicts = {}
        for row in amendment.installment_ids.filtered("milestone_id"):
            key = row.milestone_id.content_key
            if key not in base or (key in theirs) == (key in before):
                continue
            stands = "theirs" if key in theirs else "mine"
            conflicts["milestone_ids", key] = self._prepare_milestone_vals(row, stands)
        return conflicts

    @api.model
    def _prepare_milestone_vals(self, row, stands):
        """Return create values of the conflict about a milestone that a row waits for."""
        milestone = row.milestone_id
        text = self.env._(
            "kept, because the installment %(row)s waits for it", row=row.name
        )
        return {
            "path": json.dumps(["milestone_ids", milestone.content_key]),
            "label": self.env._("Milestone %s", milestone.name),
            "mine": text if stands == "mine" else False,
            "theirs": text if stands == "theirs" else False,
            "stands": stands,
        }

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
        """Let the values of an installment name the milestone of this contract.

        One that the draft removed comes back: the installment waits for it.
        """
        if "milestone_id" in vals and source.milestone_id:
            key = source.milestone_id.content_key
            milestones = amendment._get_rows_by_key("milestone_ids")
            if key not in milestones:
                copied = source.milestone_id._prepare_content_copy_vals(keep_keys=True)
                milestones[key] = amendment.milestone_ids.create(
                    amendment._own([copied])
                )
            vals["milestone_id"] = milestones[key].id
        return vals

    @api.model
    def _prepare_conflict_vals(self, amendment, version, conflict):
        """Return create values of what two amendments both change."""
        mine, theirs = (
            self._describe_side(side, conflict.path, value)
            for side, value in (
                (amendment, conflict.mine),
                (version, conflict.theirs),
            )
        )
        stands = "both" if conflict.twin else "mine"
        return {
            "path": json.dumps(conflict.path),
            "names": conflict.names and json.dumps(conflict.names),
            "twin": conflict.twin,
            "label": max(mine["label"], theirs["label"], key=len),
            "mine": mine["new"],
            "theirs": theirs["new"],
            "stands": stands,
        }

    @api.model
    def _describe_side(self, contract, path, value):
        """Return the `label` of a path and its value on one side, as people read them.

        Empty for what that side removed.
        """
        words = self.env["crm.contract.changes"]
        if not isinstance(value, tuple):
            return words._describe_one(contract, Change(path, None, value))
        # Several fields, or rows within a row: what is in each of them now
        parts = [words._describe_one(contract, change) for change in value]
        if len(parts) == 1:
            return parts[0]
        texts = [
            f"{part['label'].rpartition(' / ')[2]}: "
            + (part["new"] or self.env._("none"))
            for part in parts
        ]
        label = words._describe_one(contract, Change(path, None, None))["label"]
        return {"label": label, "new": "; ".join(texts)}


def _get_keys(content, child):
    return {row["key"] for row in content["children"].get(child, ())}
