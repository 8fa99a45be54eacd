from odoo import api, fields, models

# New texts come by a trigger: clauses are also filled by computed fields and by jobs, and
# none of them may be forgotten. Two transactions may add one text at once: found twice,
# it does no harm, while a unique index would make one wait for the other.
TRIGGER = """
    CREATE OR REPLACE FUNCTION crm_contract_clause_keep_text() RETURNS trigger AS $$
    BEGIN
        IF NOT EXISTS (
            SELECT FROM crm_contract_clause_text WHERE digest = md5(NEW.body)
        ) THEN
            INSERT INTO crm_contract_clause_text (digest, body)
            VALUES (md5(NEW.body), NEW.body);
        END IF;
        RETURN NULL;
    END
    $$ LANGUAGE plpgsql;
    CREATE OR REPLACE TRIGGER crm_contract_clause_keep_text
        AFTER INSERT OR UPDATE OF body ON crm_contract_clause
        FOR EACH ROW WHEN (NEW.body IS NOT NULL)
        EXECUTE FUNCTION crm_contract_clause_keep_text();
    CREATE INDEX IF NOT EXISTS crm_contract_clause_body_digest
        ON crm_contract_clause (md5(body));
"""
FORGET = """
    DELETE FROM crm_contract_clause_text t WHERE NOT EXISTS (
        SELECT FROM crm_contract_clause WHERE md5(body) = t.digest)
"""
# Of clauses from before, or that came while their text was forgotten.
RECALL = """
    INSERT INTO crm_contract_clause_text (digest, body)
    SELECT md5(body), min(body) FROM crm_contract_clause c
     WHERE body IS NOT NULL AND NOT EXISTS (
        SELECT FROM crm_contract_clause_text WHERE digest = md5(c.body))
     GROUP BY 1
"""


class CrmContractClauseText(models.Model):
    """The texts that clauses have, each once, to be searched.

    Most contracts have the clauses of the library, word for word. An index of the words
    of each clause would be hundreds of times as large, and slow down whoever writes one.
    Nobody may read it but `crm.contract.search`.
    """

    _name = "crm.contract.clause.text"
    _description = "Text of clauses"
    _log_access = False

    digest = fields.Char(required=True, index=True, readonly=True)
    body = fields.Text(required=True, readonly=True)

    def init(self):
        super().init()
        # The table of clauses is made by then.
        self.pool.post_init(self._begin)

    @api.model
    def _begin(self):
        self.env["crm.contract.search"]._make_indexes()
        self.env.cr.execute(TRIGGER)
        self.env.cr.execute(RECALL)

    @api.autovacuum
    def _gc_texts(self):
        """Forget the texts that no clause has any more."""
        self.env["crm.contract.clause"].flush_model(["body"])
        self.env.cr.execute(FORGET)
        self.env.cr.execute(RECALL)
