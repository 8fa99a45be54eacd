from odoo import api, models
from odoo.exceptions import UserError

from ...tools.secret import (
    Opener,
    Place,
    SecretError,
    to_clear,
)
from ...tools.secret_master import get_masters
from .secret_fields import UNREADABLE

STATE = "crm_contract.secrecy"
# What is protected while it is turned on, and what may still be in clear.
PROTECTS = ("turning_on", "on")
_MOST_NAMED = 10


class _Unreadable(dict):
    """Values of which nothing can be read."""

    def get(self, _name, _default=None):
        return UNREADABLE

    def __bool__(self):
        return True


class CrmContractSecrecy(models.AbstractModel):
    """Protection of values and files: whether it is on, and the door to both.

    A server without a key works, and says that nothing is protected. What can't be read
    stays as it is stored.
    """

    _name = "crm.contract.secrecy"
    _description = "Protection of what is secret in contracts"

    @api.model
    def _get_state(self):
        """Return `off`, `turning_on`, `on` or `turning_off`."""
        # sudo: what everybody meets
        return self.env["ir.config_parameter"].sudo().get_param(STATE) or "off"

    @api.model
    def _set_state(self, state):
        # sudo: the caller checked who asks
        self.env["ir.config_parameter"].sudo().set_param(STATE, state)

    @api.model
    def _is_on(self):
        """Return whether what is written now is protected (bool)."""
        return self._get_state() in PROTECTS

    @api.model
    def _has_clear(self):
        """Return whether values may be stored in clear (bool)."""
        return self._get_state() != "on"

    @api.model
    def _get_server_problem(self):
        """Return what is wrong with the keys of this server (str), "" if nothing."""
        try:
            if not get_masters():
                raise SecretError("none")
            keys = self.env["crm.contract.secret.key"].sudo()
            for key in keys.search([("state", "!=", "retired")]):
                keys._load(key.id)
        except SecretError as error:
            return self._explain(error)
        return ""

    @api.model
    def _make_place(self, model, field, record_key, company):
        return Place(model, field, record_key, company or 0)

    @api.model
    def _store(self, model, field, record_key, company, text):
        """Return what is stored of a value (str).

        :param field: protected field of the model
        :param record_key: random key of the record
        :param company: id, or nothing for what all share
        :raise UserError: if it has to be protected, and this server can't
        """
        if not self._is_on():
            return to_clear(text)
        try:
            key = self.env["crm.contract.secret.key"]._get_primary(company or 0)
        except SecretError as error:
            raise self._error(error) from error
        index = key.index(model, field.name, text) if field.searchable else ""
        place = self._make_place(model, field.name, record_key, company)
        return key.seal(place, text, index)

    @api.model
    def _open(self, record, field, token):
        """Return the value of what is stored of it.

        :raise SecretError: if it can't be read
        """
        # sudo: where it is bound to; who may read the field is asked before
        owner = record if record.env.su else record.sudo()
        key = owner.contract_secret_key or ""
        place = Place(record._name, field.name, key, owner._get_secret_company())
        return self._open_at(place, token)

    @api.model
    def _open_at(self, place, token):
        opener = self._get_opener(place.model, place.field)
        return opener.open(place.record, place.company, token)

    @api.model
    def _get_opener(self, model, field):
        """Return what opens values of a field (`tools.secret.Opener`)."""
        return Opener(model, field, self.env["crm.contract.secret.key"]._load)

    @api.model
    def _get_indexes(self, model, field, texts):
        """Return what values are found by, under each key that protects some (list).

        While keys change, a value is found by the old one or the new one. Keys that
        can't be read find nothing.
        """
        marks = []
        for number in self.env["crm.contract.secret.key"]._get_living_ids():
            try:
                key = self.env["crm.contract.secret.key"]._load(number)
            except SecretError:
                continue
            marks += [key.index(model._name, field.name, text) for text in texts]
        return list(filter(None, marks))

    @api.model
    def _get_shown(self, contract):
        """Return what is frozen of a contract, to be shown (dict as of a version).

        A form opens though a version can't be read; nothing is decided by it.
        """
        try:
            return contract._get_frozen_content() or {}
        except UserError as error:
            if not getattr(error, "is_unreadable", False):
                raise
            return {"fields": _Unreadable(), "children": {}}

    @api.model
    def _get_printed_terms(self, contract):
        """Return the confidential terms as the contract prints them (str).

        In full only where its type says so: whoever prints it then reads them.
        """
        if not contract.confidential_terms or not contract.type_id.prints_secrets:
            return contract.confidential_terms or ""
        return contract._get_secret("confidential_terms")

    @api.model
    def _error(self, error, records=None):
        """Return the error that people see, with the records that it is about.

        :param error: SecretError
        :return: UserError with the mark `is_unreadable`; a class of its own would be
            told by no client
        """
        result = UserError(self._get_error_text(error, records))
        result.is_unreadable = True
        return result

    @api.model
    def _get_error_text(self, error, records):
        reason = self._explain(error)
        if not records:
            return reason
        # sudo: their names alone, without which nobody finds what is to be mended
        names = records[:_MOST_NAMED].sudo().mapped("display_name")
        return self.env._(
            "%(records)s: the protected data can't be read, and were left as they "
            "are. %(reason)s",
            records=", ".join(names),
            reason=reason,
        )

    @api.model
    def _explain(self, error):
        """Return what is wrong in words (str)."""
        words = {
            "none": self.env._(
                "This server has no key. An administrator names one in its configuration "
                "(contract_secret_key_file)."
            ),
            "settings": self.env._(
                "The keys in the server's configuration can't be read: %s", error.detail
            ),
            "master": self.env._(
                "The key “%s” is missing in the server's configuration.", error.detail
            ),
            "wrong": self.env._(
                "Another key goes by the name “%s” in the server's configuration than "
                "the one that was used.",
                error.detail,
            ),
            "unknown": self.env._(
                "The key no. %s of the company is gone from the database.", error.detail
            ),
            "company": self.env._("They were protected for another company."),
        }
        return words.get(error.reason) or self.env._(
            "What is stored was changed, cut off, or comes from another record."
        )
