from odoo.fields import Command

from .common import ContractCommon

# Values that nobody enters. A relation that takes one over fails at once.
NUMBER = 66600066
STRANGE = {
    "boolean": True,
    "char": "LEAK",
    "text": "LEAK",
    "html": "<p>LEAK</p>",
    "selection": "LEAK",
    "integer": NUMBER,
    "float": NUMBER,
    "monetary": NUMBER,
    "date": "1999-09-09",
    "datetime": "1999-09-09 09:09:09",
    "binary": "TEVBSw==",
    "json": {"LEAK": 1},
    "many2one": -1,
    "many2one_reference": -1,
    "many2many": [Command.set([-1])],
    "one2many": [Command.create({"LEAK": 1})],
}
FOREIGN = (
    "account.move",
    "account.move.line",
    "crm.lead",
    "ir.attachment",
    "mail.activity",
    "mail.message",
    "sale.order",
    "sale.order.line",
)


class DefaultsCommon(ContractCommon):
    """A context whose defaults are for none of the records that are created under it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ours = sorted(name for name in cls.env if name.startswith("crm.contract"))
        cls.watched = [
            cls.env[name]
            for name in (*ours, *FOREIGN)
            if cls.env[name]._auto and not cls.env[name]._transient
        ]
        cls.strange = cls._get_strange_context()

    @classmethod
    def _get_strange_context(cls):
        return {
            f"default_{name}": name != "active" and STRANGE[field.type]
            for model in cls.watched
            for name, field in model._fields.items()
            if field.type in STRANGE
        }

    def _get_last_ids(self):
        self.env.flush_all()
        last = {}
        for model in self.watched:
            self.env.cr.execute(f"SELECT coalesce(max(id), 0) FROM {model._table}")
            [last[model._name]] = self.env.cr.fetchone()
        return last

    def _assert_clean(self, last, expected=()):
        """Check that rows since `last` hold none of the values.

        :param expected: models of which there must be new rows
        """
        self.env.flush_all()
        new = set()
        for model in self.watched:
            self.env.cr.execute(
                f"SELECT t::text, t::text ~ 'LEAK|1999-09-09|{NUMBER}' "
                f"FROM {model._table} AS t WHERE id > %s",
                [last[model._name]],
            )
            for text, is_strange in self.env.cr.fetchall():
                new.add(model._name)
                self.assertFalse(is_strange, f"{model._name}: {text}")
            if "active" in model._fields:
                domain = [("id", ">", last[model._name]), ("active", "=", False)]
                self.assertFalse(model.sudo().search(domain))
        self.assertLessEqual(set(expected), new)
