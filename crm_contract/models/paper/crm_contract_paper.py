import re

from odoo import api, models

from ...tools.canonical import short_hash

# A hash as the footer prints it, or whole; the address of a QR code ends with one.
_HASH = re.compile(r"(?<![0-9a-f])[0-9a-f]{12,64}(?![0-9a-f])")
# Of several texts with the same words, the one that is valid counts.
ANSWERS = ("approved", "signed", "review", "withdrawn", "unknown")


class CrmContractPaper(models.AbstractModel):
    """Whether a paper that lies on the table is the text that was approved."""

    _name = "crm.contract.paper"
    _description = "Look up papers"

    @api.model
    def look_up(self, code):
        """Say whether the hash on a paper is that of an approved version.

        :param code: hash as printed (12 characters at least), or text with one in it,
            such as the address that a QR code leads to
        :return: an object: `answer` (key of `ANSWERS`), `text` (the answer in words),
            `hash` (short), and, for those who may read the contract or keep a seal of
            its company, `contract`, `customer`, `version` (numbers and names), `date`
            (of the submission), `current_hash` (short hash of the text that is approved
            instead, or ""), and `sealing_ids` (what of the register the user sees)
        :raise AccessError: for who neither reads contracts nor keeps a seal
        """
        self._check_may_look()
        versions = self._find(self._read_code(code))
        if not versions:
            return self._describe("unknown", "")
        answers = {version: self._judge(version) for version in versions}
        best = min(versions, key=lambda v: (ANSWERS.index(answers[v]), -v.id))
        result = self._describe(answers[best], best.content_hash)
        return {**result, **self._tell_more(best)} if self._may_see(best) else result

    @api.model
    def _read_code(self, code):
        text = self.env["crm.contract.arguments"]._read_text("code", code)
        found = _HASH.findall(text.lower())
        return found[-1] if found else ""

    @api.model
    def _find(self, digest):
        """Return the submitted versions whose hash begins with what was read (sudo)."""
        # sudo: keepers of seals need not see contracts; what they are told of them is
        # chosen in `look_up`
        versions = self.env["crm.contract.version"].sudo()
        if not digest:
            return versions
        return versions.search(
            [
                ("content_hash", "=like", f"{digest}%"),
                ("kind", "=", "submission"),
                ("company_id", "in", self.env.companies.ids),
            ]
        )

    @api.model
    def _judge(self, version):
        """Return what a version is (key of `ANSWERS`)."""
        if version.date_withdrawn:
            return "withdrawn"
        if version.date_signed:
            return "signed"
        is_open = version.contract_id.version_id == version
        state = version.contract_id.state
        if is_open and state == "to_sign":
            return "approved"
        return "review" if is_open and state == "review" else "withdrawn"

    @api.model
    def _describe(self, answer, digest):
        label = dict(self._get_labels())[answer]
        return {"answer": answer, "text": label, "hash": short_hash(digest)}

    @api.model
    def _get_labels(self):
        return [
            ("approved", self.env._("This is the approved version.")),
            ("signed", self.env._("This is the signed version.")),
            ("review", self.env._("This version is not approved yet.")),
            (
                "withdrawn",
                self.env._(
                    "This version was withdrawn: it must not be sealed or signed."
                ),
            ),
            ("unknown", self.env._("No contract has a text with this hash.")),
        ]

    @api.model
    def _tell_more(self, version):
        contract = version.contract_id
        current = contract.version_id
        rows = self.env["crm.contract.sealing"].search(
            [("version_id", "=", version.id)]
        )
        return {
            "contract": contract.display_name,
            "customer": contract.commercial_partner_id.name,
            "version": version.number,
            "date": version.date,
            "current_hash": (
                short_hash(current.content_hash)
                if current.content_hash != version.content_hash
                else ""
            ),
            "sealing_ids": rows.ids,
        }

    @api.model
    def _get_kept_stamps(self):
        return self.env["crm.contract.stamp"].search(
            ["|", ("keeper_id", "=", self.env.uid), ("deputy_ids", "in", self.env.uid)]
        )

    @api.model
    def _check_may_look(self):
        if not self._get_kept_stamps():
            self.env["crm.contract"].check_access("read")

    @api.model
    def _get_path(self, code):
        """Return the page that says more of a code than strangers hear (str).

        Empty for who may not look, and for what is no code.
        """
        # Before any right is asked for: strangers have none.
        if not self.env.user._is_internal() or not self._read_code(code or ""):
            return ""
        may_look = self._get_kept_stamps() or self.env["crm.contract"].has_access(
            "read"
        )
        return f"/contract/paper/{self._read_code(code)}" if may_look else ""

    @api.model
    def _may_see(self, version):
        """Return whether the user may know which contract it is."""
        contract = version.contract_id.sudo(False)
        if contract.has_access("read"):
            return True
        return contract.sudo().company_id in self._get_kept_stamps().company_id
