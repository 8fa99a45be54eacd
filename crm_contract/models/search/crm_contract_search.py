import logging
import re
from collections import defaultdict

from psycopg2 import Error

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, escape_psql

_logger = logging.getLogger(__name__)

# Signs that stand for words, of which any two side by side are an entry of the index.
_SIGNS = re.compile(r"[\u2e80-\U0003ffff]+")
FUNCTIONS = """
    CREATE OR REPLACE FUNCTION crm_contract_plain(text) RETURNS text AS $$
        SELECT lower(left(regexp_replace($1, '<[^>]*>', '', 'g'), 200000))
    $$ LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE;
    CREATE OR REPLACE FUNCTION crm_contract_pairs(text) RETURNS text[] AS $$
        SELECT COALESCE(array_agg(DISTINCT sign || next), '{}')
          FROM (SELECT sign, lead(sign) OVER (ORDER BY place) AS next
                  FROM unnest(string_to_array($1, NULL))
                       WITH ORDINALITY AS one(sign, place)) two
         WHERE ascii(sign) >= 11904 AND ascii(next) >= 11904
    $$ LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE;
"""
FILES = "res_model LIKE 'crm.contract%%'"
INDEXES = (
    ("crm_contract_clause_text", "body", ""),
    ("ir_attachment", "index_content", f"WHERE {FILES}"),
)
# By what Odoo finds customers; names of two Chinese signs are looked for one by one.
CUSTOMERS = """
    CREATE INDEX IF NOT EXISTS res_partner_contract_words ON res_partner USING gin (
        complete_name gin_trgm_ops, email gin_trgm_ops, ref gin_trgm_ops,
        vat gin_trgm_ops, company_registry gin_trgm_ops)
"""
ENTRIES = {
    "pairs": "crm_contract_pairs(crm_contract_plain(%s))",
    "words": "crm_contract_plain(%s) gin_trgm_ops",
}


class CrmContractSearch(models.AbstractModel):
    """Where contracts are found: each place by an index of its own.

    What is found is not what may be read: callers search by it, with the rights of who
    asks. Files that are protected have no text here (`ir.attachment.index_content`).
    """

    _name = "crm.contract.search"
    _description = "Search of contracts"

    @api.model
    def _named(self, text):
        """Return the query of the contracts whose title, number or customer has a text.

        :param text: part of it (str)
        :return: SQL of a query of ids in brackets
        """
        return SQL("(%s)", self._unite(self._get_name_domains(text)))

    @api.model
    def _everywhere(self, text):
        """Return the query of the contracts that have a text anywhere (SQL, in brackets).

        In title, number, names and numbers of the customer, clauses, and files of which
        the text is known.
        """
        text = " ".join(text.split())
        return SQL(
            "(%s UNION %s UNION %s)",
            self._unite(self._get_name_domains(escape_psql(text))),
            self._find_in_clauses(text),
            self._find_in_files(text),
        )

    @api.model
    def _get_name_domains(self, text):
        return [
            Domain("name", "ilike", text),
            Domain("number", "ilike", text),
            # By what Odoo finds customers by: registration number and VAT as well.
            Domain("partner_id.display_name", "ilike", text),
        ]

    @api.model
    def _unite(self, domains):
        """Return the query of the contracts for which one of the domains holds (SQL)."""
        contracts = self.env["crm.contract"].with_context(active_test=False)
        queries = [
            contracts._search(domain, bypass_access=True).select() for domain in domains
        ]
        return SQL(" UNION ").join(queries)

    @api.model
    def _find_in_clauses(self, text):
        self.env["crm.contract.clause"].flush_model(["body", "contract_id"])
        return SQL(
            "SELECT contract_id FROM crm_contract_clause WHERE md5(body) IN ("
            "SELECT digest FROM crm_contract_clause_text WHERE %s)",
            has("body", text),
        )

    @api.model
    def _find_in_files(self, text):
        """Return the query of contracts, of whose files one has a text."""
        self.env["ir.attachment"].flush_model(["index_content", "res_id", "res_model"])
        owners = [SQL("SELECT res_id FROM file WHERE res_model = 'crm.contract'")]
        for name in self._get_file_owners():
            self.env[name].flush_model(["contract_id"])
            owners.append(
                SQL(
                    "SELECT o.contract_id FROM file JOIN %s o ON o.id = file.res_id"
                    " WHERE file.res_model = %s",
                    SQL.identifier(self.env[name]._table),
                    name,
                )
            )
        return SQL(
            "(WITH file AS MATERIALIZED (SELECT res_model, res_id FROM ir_attachment"
            " WHERE %s AND %s) %s)",
            SQL(FILES),
            has("index_content", text),
            SQL(" UNION ").join(owners),
        )

    @api.model
    def _get_file_owners(self):
        """Return the names of the models beside contracts whose files are theirs."""
        return [
            name
            for name, model in self.env.registry.items()
            if name.startswith("crm.contract.")
            and not model._abstract
            and not model._transient
            and model._auto
            and "contract_id" in model._fields
            and model._fields["contract_id"].store
        ]

    @api.model
    def _has_trigrams(self):
        """Return whether parts of words are found by an index (extension pg_trgm)."""
        [[found]] = self.env.execute_query(
            SQL("SELECT count(*) FROM pg_extension WHERE extname = 'pg_trgm'")
        )
        return bool(found)

    @api.model
    def _make_indexes(self):
        """Make the indexes of texts: of signs side by side, and of parts of words.

        The latter ones need the extension pg_trgm, which whoever owns the database may
        add; the settings tell where nobody could.
        """
        cr = self.env.cr
        cr.execute(FUNCTIONS)
        if not self._has_trigrams():
            try:
                with cr.savepoint(flush=False):
                    cr.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            except Error as error:  # not installed on the server, or no right to
                _logger.info("Texts are searched without pg_trgm: %s", error)
        kinds = ["pairs"]
        if self._has_trigrams():
            kinds.append("words")
            cr.execute(CUSTOMERS)
            # Odoo asked before the extension was there: its own indexes come as well.
            self.pool.has_trigram = True
        for table, column, where in INDEXES:
            for kind in kinds:
                cr.execute(_get_index(kind, table, column, where))

    @api.model
    def _get_notes(self):
        """Return what is not searched, or slowly, and what mends it (list of str)."""
        notes = []
        if not self._has_trigrams():
            notes.append(
                self.env._(
                    "Parts of English words are searched slowly: ask the administrator of "
                    "the database server for CREATE EXTENSION pg_trgm, then upgrade "
                    "Contracts."
                )
            )
        files = self.env["ir.attachment"].sudo()  # counts alone
        counts = dict(
            files._read_group(
                # Else files of fields are left out.
                files._get_contract_text_domain() & Domain("id", ">", 0),
                ["contract_text"],
                ["__count"],
            )
        )
        whole, read = sum(counts.values()), counts.pop("read", 0)
        if not counts:
            return [
                *notes,
                self.env._("The texts of all %s files are searched.", whole),
            ]
        notes.append(
            self.env._(
                "The texts of %(number)s of %(whole)s files are searched.",
                number=read,
                whole=whole,
            )
        )
        reasons = self._get_reasons(counts)
        return [*notes, *(text for kind, text in reasons.items() if counts.get(kind))]

    @api.model
    def _get_reasons(self, counts):
        """Return how many files are not searched and why ({kind: str}).

        :param counts: {kind: number}
        """
        number = defaultdict(int, counts)
        return {
            False: self.env._(
                "%s: not read yet; a job reads new files every hour.", number[False]
            ),
            "protected": self.env._(
                "%s: protected; their text is not kept in clear.", number["protected"]
            ),
            "empty": self.env._(
                "%s: no text layer, as scans and pictures. Upload them with recognised text "
                "(OCR).",
                number["empty"],
            ),
            "locked": self.env._(
                "%s: locked by a password of their own.", number["locked"]
            ),
            "large": self.env._("%s: larger than 20 MB.", number["large"]),
            "broken": self.env._(
                "%s: missing, damaged, or too complex to be read in half a minute.",
                number["broken"],
            ),
            "other": self.env._(
                "%s: of a kind that is not read. PDF, Word, Excel and PowerPoint (since "
                "2007), OpenDocument and plain text are.",
                number["other"],
            ),
        }


def _get_index(kind, table, column, where):
    """Return the statement that makes an index of a column of texts (SQL)."""
    return SQL(
        "CREATE INDEX IF NOT EXISTS %s ON %s USING gin (%s) %s",
        SQL.identifier(f"{table}_contract_{kind}"),
        SQL.identifier(table),
        SQL(ENTRIES[kind], SQL.identifier(column)),
        SQL(where),
    )


def has(column, text):
    """Return the condition that a column has a text, by the indexes (SQL)."""
    plain = SQL("crm_contract_plain(%s)", SQL.identifier(column))
    text = text.lower()
    condition = SQL("%s LIKE %s", plain, f"%{escape_psql(text)}%")
    pairs = [
        run[place : place + 2]
        for run in _SIGNS.findall(text)
        for place in range(len(run) - 1)
    ]
    if not pairs:
        return condition
    return SQL("crm_contract_pairs(%s) @> %s::text[] AND %s", plain, pairs, condition)
