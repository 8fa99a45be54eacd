from lxml import etree
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import file_open
from odoo.tools.convert import convert_file

from ..tools.records import one

LANGUAGES = {"en": "base.lang_en", "zh": "base.lang_zh_CN"}
CLAUSES = "examples/crm_contract_clause_template_%s.xml"
TEMPLATES = "examples/crm_contract_template_%s.xml"
# What the examples refer to comes back if it was deleted.
NEEDED = (
    "data/crm_contract_clause_category_data.xml",
    "data/crm_contract_type_data.xml",
)


class CrmContractLoadExamples(models.TransientModel):
    """Adds the example clauses and templates of a language to the library.

    They are shared by all companies, as the contract types are that they belong to.
    What is in the library already stays as it is; what was deleted comes again.
    """

    _name = "crm.contract.load.examples"
    _description = "Load example clauses"
    _inherit = ["crm.contract.bounds.mixin"]

    lang = fields.Selection(
        [("en", "English"), ("zh", "Chinese (中文)")],
        string="Language",
        required=True,
        default=lambda self: "zh" if (self.env.lang or "").startswith("zh") else "en",
    )

    def action_load(self):
        """Load the examples of the chosen language; return a message of what came.

        :raise AccessError: if somebody else than a contract manager asks for it
        :raise UserError: if clauses of the company have the codes of examples
        """
        one(self)
        if not self._can_load():
            raise AccessError(self.env._("Only contract managers load examples."))
        return self._notify(*self._load(self.lang))

    @api.model
    def _can_load(self):
        return self.env.user.has_group("crm_contract.crm_contract_group_manager")

    @api.model
    def _get_offer(self):
        """Return the link that an empty library shows to those who may load (Markup)."""
        if not self._can_load():
            return Markup()
        return Markup(
            '<p><a type="action" name="%s" class="btn btn-link">%s</a></p>'
        ) % (
            "crm_contract.crm_contract_load_examples_action",
            self.env._("Load example clauses (English / Chinese)"),
        )

    @api.model
    def _load(self, lang):
        """Load the examples of a language; a second time adds nothing.

        :param lang: key of `LANGUAGES`
        :return: the clauses and the templates that are new
        """
        # sudo: external ids come along; nothing of the context, as defaults of the
        # place where the button was pressed must not reach the examples
        env = self.env(su=True, context={"mail_create_nosubscribe": True})
        return self.with_env(env)._add_missing(lang)

    @api.model
    def _add_missing(self, lang):
        self._check_codes(lang)
        clauses, templates = self._find_all()
        references = {}
        for filename in (*NEEDED, CLAUSES % lang, TEMPLATES % lang):
            # Mode update leaves alone what exists in a file that is noupdate.
            convert_file(self.env, "crm_contract", filename, references, mode="update")
        all_clauses, all_templates = self._find_all()
        self._require_categories(all_clauses - clauses)
        return all_clauses - clauses, all_templates - templates

    @api.model
    def _find_all(self):
        """Return the clauses and the templates, archived ones included."""
        env = self.with_context(active_test=False).env
        return tuple(
            env[model].search([])
            for model in ("crm.contract.clause.template", "crm.contract.template")
        )

    @api.model
    def _check_codes(self, lang):
        """Refuse to load clauses whose codes the library uses for others."""
        with file_open(f"crm_contract/{CLAUSES % lang}", "rb") as file:
            codes = {
                record.findtext("field[@name='code']")
                for record in etree.parse(file).iter("record")
                if not self.env.ref(
                    f"crm_contract.{record.get('id')}", raise_if_not_found=False
                )
            }
        others = self.env["crm.contract.clause.template"].search(
            [
                ("code", "in", codes),
                ("lang_id", "=", self.env.ref(LANGUAGES[lang]).id),
                ("company_id", "=", False),
            ]
        )
        if others:
            raise UserError(
                self.env._(
                    "These clauses have the codes of examples; give them other codes "
                    "first: %s.",
                    ", ".join(others.mapped("display_name")),
                )
            )

    @api.model
    def _require_categories(self, clauses):
        """Ask for the categories of mandatory clauses in contracts of any language."""
        for contract_type in clauses.mandatory_type_ids:
            mandatory = contract_type.mandatory_clause_ids & clauses
            contract_type.required_category_ids |= mandatory.category_id

    def _notify(self, clauses, templates):
        if clauses or templates:
            message = self.env._(
                "%(clauses)s clauses and %(templates)s templates were added.",
                clauses=len(clauses),
                templates=len(templates),
            )
        else:
            message = self.env._("The examples of this language are there already.")
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
