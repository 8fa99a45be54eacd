import base64
import re
from typing import NamedTuple

from markupsafe import Markup

from odoo import api, models
from odoo.exceptions import ValidationError

from ...tools.difference import difference_html
from ...tools.images import are_too_large
from ...tools.reading import find_hidden, printable, reading

_OWN_IMAGE = re.compile(r"/web/(?:image|content)/(\d+)(?:[-/?#].*)?", re.S)
_PRINTED_IMAGES = ("image/png", "image/jpeg", "image/gif")


class Deviation(NamedTuple):
    """A text of a contract that is not the standard one: its name, and the difference."""

    name: str
    difference: Markup


class CrmContractReading(models.AbstractModel):
    """Formatted texts of contracts as people read them: checks, comparison, print."""

    _name = "crm.contract.reading"
    _description = "Texts of contracts as they are read"

    @api.model
    def _check_readable(self, where, body):
        """Raise ValidationError if the formatting of a text hides words.

        :param where: heading of the text, for the message
        """
        problems = self._describe_hidden(where, body)
        if problems:
            raise ValidationError("\n".join(problems))

    @api.model
    def _get_hidden(self, contract):
        """Return where the texts of a contract hide words (list of str)."""
        texts = [(self.env._("Preamble"), contract.preamble)]
        texts += [(clause.name, clause.body) for clause in contract.clause_ids]
        return [row for text in texts for row in self._describe_hidden(*text)]

    @api.model
    def _describe_hidden(self, where, body):
        large = [
            self.env._(
                "The images in “%s” have too many pixels to be printed. Make them "
                "smaller, or attach them as documents.",
                where,
            )
        ]
        return (large if are_too_large(body) else []) + [
            self.env._(
                "“%(where)s” has formatting that keeps “%(words)s” from being read "
                "(%(how)s). Remove the formatting or the words.",
                where=where,
                words=hidden.words,
                how=hidden.how,
            )
            for hidden in find_hidden(body)
        ]

    @api.model
    def _is_standard(self, body, standard):
        """Return whether two texts read alike, however they are laid out."""
        return body == standard or reading(body) == reading(standard)

    @api.model
    def _get_difference(self, standard, body):
        """Return what a text changes of the standard one, as HTML.

        What is struck through stands between tildes, what is hidden in brackets.
        """
        return difference_html(reading(standard, True), reading(body, True))

    @api.model
    def _get_whole(self, clause):
        """Return section, heading and text of a clause, or of one of the library (HTML)."""
        if not clause:
            return ""
        names = (clause.category_id.name, clause.name)
        return Markup("<h4>%s – %s</h4>%s") % (*names, Markup(clause.body or ""))

    @api.model
    def _is_preamble_deviating(self, contract):
        """Return whether the preamble is not that of the template."""
        return not self._is_standard(contract.preamble, contract.template_id.preamble)

    @api.model
    def _get_deviations(self, contract):
        """Return the texts of a contract that are not the standard ones.

        Free clauses count, and changed headings.

        :return: list of `Deviation`, in the order in which they are printed
        """
        found = []
        if self._is_preamble_deviating(contract):
            standard = contract.template_id.preamble
            difference = self._get_difference(standard, contract.preamble)
            found.append(Deviation(self.env._("Preamble"), difference))
        return found + [
            Deviation(clause.name, clause.difference)
            for clause in contract.clause_ids.sorted()
            if clause._is_deviating()
        ]

    @api.model
    def _get_printable(self, body):
        """Return a text as it is printed (Markup): nothing is fetched, nothing hidden.

        Images are printed that came with the text, or that the user may read here.
        """
        return Markup(printable(body or "", self._load_image))

    @api.model
    def _load_image(self, address):
        match = _OWN_IMAGE.fullmatch(address)
        if not match:
            return None
        # The text is printed in sudo when it is frozen; the user may not read more by it.
        image = self.sudo(False).env["ir.attachment"].browse(int(match[1][:9])).exists()
        if not image or not image.has_access("read"):
            return None
        if image.mimetype not in _PRINTED_IMAGES or not image.raw:
            return None
        data = base64.b64encode(image.raw).decode()
        return f"data:{image.mimetype};base64,{data}"
