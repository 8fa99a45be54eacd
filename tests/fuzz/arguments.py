"""What a caller might send: what fits a parameter, and what does not fit anything."""

import datetime

from hypothesis import strategies as st

TODAY = datetime.date.today()
TEXTS = ["", " ", "Because", "x" * 300, "<b>bold</b>", "'; DROP TABLE", "\0", "%s {0}"]
NUMBERS = [0, 1, -1, 2, 12, 0.01, 1e9, -5.5, 2**31, 2**63]
ENDLESS = [float("inf"), float("nan")]
DATES = [
    *(str(TODAY + datetime.timedelta(days=days)) for days in (0, -1, 1, 30, -400, 400)),
    "1969-12-31", "2201-01-01", "9999-12-31", "0001-01-01", "2026-02-30", "tomorrow", "",
]  # fmt: skip
ABSURD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([*NUMBERS, *ENDLESS]),
    st.sampled_from(TEXTS),
    st.lists(st.sampled_from([0, 1, "a", None]), max_size=3),
    st.dictionaries(st.sampled_from(["a", "amount", "id"]), st.sampled_from([1, "x"])),
)
# Parameters by name: values that fit.
CHOICES = {
    "decision": ["approve", "condition", "reject", "question", "before", "after",
                 "hand_over", "renew", "renegotiate", "expire"],
    "reason": ["completed", "terminated", *TEXTS],
    "uplift": ["none", "percent", "amount", "index", "agreed"],
    "requested_by": ["us", "customer", "both", None],
    "terminated_by": ["us", "customer", "mutual"],
    "settle": [True, False],
    "signed_copy": ["UERG", "???", None],
    "operation": ["read", "write", "create", "unlink"],
    "domain": [[], [("id", ">", 0)], [("state", "=", "draft")]],
    "operator": ["ilike", "=", "in"],
    "limit": [1, 5, None],
    "offset": [0, 1],
    "order": ["id", "id desc", None],
    "groupby": [["create_uid"], []],
    "aggregates": [["__count"]],
    "act_type_xmlids": [["mail.mail_activity_data_todo"]],
    "subtype_xmlid": ["mail.mt_note"],
    "body": TEXTS,
    "help_message": ["Help"],
}  # fmt: skip
RELATIONS = {
    "reason_id": "crm.contract.approval.reason",
    "back_to_id": "crm.contract.approval.task",
    "user_id": "res.users",
    "index_id": "crm.contract.index",
    "clause_id": "crm.contract.clause",
    "partner_ids": "res.partner",
    "user_ids": "res.users",
}
# Parameters that are values of the record; `update_vals` are those of a mail.
VALS = {"vals", "values", "vals_list", "changes", "default", "update_vals"}
# Stands for the hash of the content of the record at hand.
OF_RECORD = "$content_hash"
# What the named arguments of `**` are.
MORE = {
    "action_end": ["terminated_by", "date_notice_given", "penalty", "nonsense"],
    "action_renew": [
        "percent", "amount", "index_id", "date_base", "date_index", "months_before",
        "cap", "floor", "rounding", "refresh_clauses", "make_opportunity",
        "make_quotation", "nonsense",
    ],
}  # fmt: skip


class Arguments:
    """Draws arguments for a fuzzed Odoo, with `draw` of hypothesis."""

    def __init__(self, fuzzed):
        self.fuzzed = fuzzed
        self.contracts = sorted(fuzzed.contracts.values())

    def draw_ids(self, draw, model):
        pool = self.contracts if model == "crm.contract" else self._pool(model)
        if not pool or draw(st.integers(0, 9)) == 9:
            return draw(st.sampled_from([[], [0], [999_999], [2**40], [-1], pool[:3]]))
        if draw(st.integers(0, 5)) == 5:
            return draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3))
        return [draw(st.sampled_from(pool))]

    def draw_kwargs(self, draw, target):
        """Named arguments: the needed ones, and some others."""
        kwargs = {}
        for name, kind, needed in target["params"]:
            if kind == "VAR_KEYWORD":
                for more in MORE.get(target["method"], ()):
                    if draw(st.integers(0, 3)) == 0:
                        kwargs[more] = self.draw_value(draw, more, target)
            elif kind != "VAR_POSITIONAL" and (needed or draw(st.integers(0, 2))):
                kwargs[name] = self.draw_value(draw, name, target)
        return kwargs

    def draw_value(self, draw, name, target):
        """A value for a parameter: mostly one that fits."""
        model = target["model"]
        if name in VALS:
            vals = self.draw_vals(draw, model)
            return [vals] if name == "vals_list" else vals
        if name in ("fields", "fnames", "allfields", "field_names"):
            names = sorted(self.fuzzed.fields.get(model, {})) or ["id"]
            return draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
        if draw(st.integers(0, 4)) == 4:
            return draw(ABSURD)
        if name == "penalty":
            clauses = self._pool("crm.contract.clause") or [0]
            return {
                "amount": draw(st.sampled_from([100.0, 0, -1, "x"])),
                "owed_by": draw(st.sampled_from(["customer", "us", None])),
                "clause_id": draw(st.sampled_from(clauses)),
            }
        if name == "content_hash":
            return draw(st.sampled_from([OF_RECORD, OF_RECORD, "0" * 64, ""]))
        if name in CHOICES:
            return draw(st.sampled_from(CHOICES[name]))
        if name in RELATIONS:
            ids = [draw(st.sampled_from(self._pool(RELATIONS[name]) or [0]))]
            return ids if name.endswith("s") else ids[0]
        if name.startswith("date") or name.endswith(("_date", "day")):
            return draw(st.sampled_from(DATES))
        return draw(st.one_of(st.sampled_from(TEXTS), st.sampled_from(NUMBERS), ABSURD))

    def draw_vals(self, draw, model, names=None):
        """Values of some fields of a model."""
        described = self.fuzzed.fields.get(model) or {}
        if not described:
            return {}
        if names is None:
            names = draw(
                st.lists(st.sampled_from(sorted(described)), max_size=4, unique=True)
            )
        return {name: self.draw_field(draw, *described[name]) for name in names}

    def draw_dialog(self, draw, model):
        """Values of a dialog: what it needs, mostly, and some others."""
        described = self.fuzzed.fields.get(model) or {}
        names = [
            n for n in ("contract_id", "contract_ids", "line_ids") if n in described
        ]
        names += [n for n in sorted(described) if draw(st.integers(0, 3)) == 0]
        vals = self.draw_vals(draw, model, dict.fromkeys(names))
        if "contract_id" in vals:
            vals["contract_id"] = draw(st.sampled_from(self.contracts))
        if "content_hash" in vals:
            vals["content_hash"] = draw(st.sampled_from([OF_RECORD, "0" * 64]))
        return vals

    def draw_field(self, draw, kind, relation, keys):
        if kind in ("char", "text", "html"):
            return draw(st.sampled_from(TEXTS))
        if kind in ("date", "datetime"):
            return draw(st.sampled_from(DATES))
        if kind in ("integer", "float", "monetary"):
            return draw(st.sampled_from(NUMBERS))
        if kind == "boolean":
            return draw(st.booleans())
        if kind == "selection":
            return draw(st.sampled_from([*keys, "nonsense", False]))
        if kind == "many2one":
            return draw(st.sampled_from([*self._pool(relation), False, 999_999]))
        if kind in ("one2many", "many2many"):
            return self.draw_commands(draw, kind, relation)
        return draw(ABSURD)

    def draw_commands(self, draw, kind, relation):
        pool = self._pool(relation) or [999_999]
        record = draw(st.sampled_from(pool))
        if kind == "many2many":
            return [draw(st.sampled_from([(6, 0, [record]), (4, record), (5, 0, 0)]))]
        vals = self.draw_vals(draw, relation)
        commands = [(0, 0, vals), (1, record, vals), (2, record, 0), (4, record, 0)]
        return [draw(st.sampled_from(commands))]

    def _pool(self, model):
        return self.fuzzed.pools.get(model) or []
