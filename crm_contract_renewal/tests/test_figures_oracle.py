import json
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo.fields import Command

from .common_end import EndCommon

DAY = timedelta(days=1)
START = date(2026, 1, 1)
MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


class Oracle:
    """Recurring revenue, reckoned anew from the bytes of the signed versions alone.

    It knows nothing of the code that it judges: what was signed, from which day on, and
    on which day a term was ended, are all that it takes.
    """

    def __init__(self, versions, ended, rates):
        """Take (contract, origin, kind, effective day, JSON text) of signed versions.

        :param ended: {contract: last day}, of terms that were ended before their end
        :param rates: {currency: units for one of the company}
        """
        self.terms, self.texts, self.rates = {}, {}, rates
        for contract, origin, kind, day, text in versions:
            content = json.loads(text)["content"]
            if kind == "amendment":
                self.texts[origin].append((day, content))
                continue
            self.texts[contract] = [(day, content)]
            self.terms[contract] = (origin if kind == "renewal" else None, day)
        self.ended = ended

    def last_day(self, contract):
        if contract in self.ended:
            return self.ended[contract]
        end = self.texts[contract][-1][1]["fields"]["date_end"]
        return end and date.fromisoformat(end)

    def lines_on(self, contract, day):
        texts = [content for since, content in self.texts[contract] if since <= day]
        return texts[-1]["children"]["line_ids"] if texts else []

    def price_on(self, line, day):
        """Return what a period costs on a day."""
        terms = line["fields"]
        for step in sorted(
            line["children"].get("step_ids", ()), key=lambda s: s["fields"]["date_from"]
        ):
            if date.fromisoformat(step["fields"]["date_from"]) <= day:
                terms = {**line["fields"], **step["fields"]}
        discount = 1 - (line["fields"]["discount"] or 0) / 100
        return round(terms["quantity"] * terms["price_unit"] * discount + 1e-9, 2)

    def mrr_on(self, contract, day):
        last = self.last_day(contract)
        if day < self.terms[contract][1] or (last and day > last):
            return 0.0
        total = 0.0
        for line in self.lines_on(contract, day):
            fields = line["fields"]
            if fields["is_recurring"]:
                months = (
                    fields["recurrence_interval"] * MONTHS[fields["recurrence_unit"]]
                )
                total += self.price_on(line, day) / months
        rate = self.rates[self.texts[contract][0][1]["fields"]["currency_id"]]
        return round(total / rate + 1e-9, 2)

    def value_of(self, contract):
        """Return what a term that has an end is worth as agreed, period by period."""
        start = self.terms[contract][1]
        end = date.fromisoformat(self.texts[contract][-1][1]["fields"]["date_end"])
        total = 0.0
        keys = {row["key"] for row in self.lines_on(contract, end)}
        for key in keys:
            number, day = 0, start
            while day <= end:
                line = next(
                    row for row in self.lines_on(contract, day) if row["key"] == key
                )
                fields = line["fields"]
                months = (
                    fields["recurrence_interval"] * MONTHS[fields["recurrence_unit"]]
                )
                total += self.price_on(line, day)
                number += 1
                day = start + relativedelta(months=number * months)
        rate = self.rates[self.texts[contract][0][1]["fields"]["currency_id"]]
        return round(total / rate + 1e-9, 2)

    def successor_of(self, contract):
        """Return the term that follows without a gap, whenever it was signed."""
        last = self.last_day(contract)
        return next(
            (
                other
                for other, (origin, start) in self.terms.items()
                if origin == contract and last and start == last + DAY
            ),
            None,
        )

    def movements(self, until):
        """Return (new, churn) up to a day, as sums of the MRR."""
        new = churn = 0.0
        for contract, (origin, start) in self.terms.items():
            follows = origin and self.successor_of(origin) == contract
            if not follows and start <= until:
                new += self.mrr_on(contract, start)
            last = self.last_day(contract)
            if last and last < until and not self.successor_of(contract):
                churn += self.mrr_on(contract, last)
        return round(new, 2), round(churn, 2)


@freeze_time(START)
class TestFiguresOracle(EndCommon):
    """24 months, day by day where something happens: figures are those of the oracle."""

    def _create_fee(self, line=(), **vals):
        return super()._create_fee(line, **{"notice_period": 1, **vals})

    def _amend(self, contract, day, **vals):
        amendment = contract._amend(day)
        amendment.line_ids.write(vals)
        self._submit(amendment)
        self._open_sign(amendment).action_sign()

    def _set_up_lives(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        euro.rate_ids.unlink()
        euro.rate_ids = [
            Command.create({"name": START, "rate": 0.5, "company_id": self.company.id})
        ]
        self.euro = euro
        self.lives = {
            "automatic": self._create_fee(
                renewal_mode="automatic", adjustment="percent", adjustment_percent=5
            ),
            "late": self._create_fee({"price_unit": 200}),
            "expired": self._create_fee({"price_unit": 70}),
            "stepped": self._create_fee(
                {
                    "step_ids": [
                        Command.create(
                            {"date_from": date(2026, 7, 1), "price_unit": 330}
                        )
                    ]
                },
                duration=24,
            ),
            "euro": self._create_fee(
                {"price_unit": 900, "recurrence_unit": "quarter"},
                currency_id=euro.id,
                renewal_mode="automatic",
            ),
            "open": self._create_fee(
                {"price_unit": 1200, "recurrence_unit": "year"}, is_open_ended=True
            ),
            "anew": self._create_fee({"price_unit": 90, "discount": 10}),
            "recorded late": self._create_fee({"price_unit": 55}),
        }

    def _act(self, day):
        """Do what people do on a day."""
        lives = self.lives
        # With other prices, somebody signs where approvals are in use.
        for renewal in lives["automatic"].family_ids:
            if renewal.state == "to_sign":
                self._open_sign(renewal).action_sign()
        if day == date(2026, 9, 1):
            self._amend(lives["stepped"], day, price_unit=350, step_ids=[(5, 0, 0)])
            self._amend(lives["open"], day, quantity=3)
        elif day == date(2026, 12, 1):
            for name in ("late", "anew", "recorded late"):
                uplift = {"uplift": "percent", "percent": 10}
                lives[f"{name} 2"] = self._renew(lives[name], **uplift)
        elif day == date(2027, 1, 20):
            self._sign(lives["late 2"])
        elif day == date(2027, 3, 1):
            self._terminate(lives["stepped"], date(2027, 5, 15))
            self._sign(lives["anew 2"])
            self._sign(lives["recorded late 2"], date=date(2027, 1, 5))
        elif day == date(2027, 6, 1):
            self._terminate(lives["open"], day)

    def _get_oracle(self, until):
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT contract.id, contract.origin_id, contract.kind,
                   version.date_effective, version.content
              FROM crm_contract_version version
              JOIN crm_contract contract ON contract.id = version.contract_id
             WHERE version.position > 0 AND contract.company_id = %s
             ORDER BY version.position, version.id
            """,
            (self.company.id,),
        )
        versions = self.env.cr.fetchall()
        ended = {
            self.lives["stepped"].id: date(2027, 5, 15),
            self.lives["open"].id: date(2027, 6, 1),
        }
        rates = {self.company.currency_id.id: 1.0, self.euro.id: 0.5}
        # Signed after the days of grace, "anew 2" is business anew: it does not follow.
        rows = [
            (contract, None, "contract", *rest)
            if contract == self.lives.get("anew 2", self.lives["open"]).id
            else (contract, origin, kind, *rest)
            for contract, origin, kind, *rest in versions
        ]
        # What is not signed on the day is not there.
        return Oracle(rows, ended, rates)

    def _check(self, day):
        oracle = self._get_oracle(day)
        self.env.cr.execute(
            """
            SELECT COALESCE(SUM(amount_mrr), 0),
                   COALESCE(SUM(amount_mrr) FILTER (WHERE kind = 'new'), 0),
                   COALESCE(SUM(amount_mrr) FILTER (WHERE kind = 'churn'), 0)
              FROM crm_contract_mrr_movement WHERE company_id = %s AND date <= %s
            """,
            (self.company.id, day),
        )
        total, new, churn = (round(float(sum_), 2) for sum_ in self.env.cr.fetchone())
        waiting = self._get_waiting(day)
        level = sum(oracle.mrr_on(contract, day) for contract in oracle.terms)
        level += sum(waiting.values())
        expected_new, expected_churn = oracle.movements(day)
        expected_churn -= sum(waiting.values())
        self.assertAlmostEqual(total, level, 2, f"MRR on {day}")
        self.assertAlmostEqual(new, expected_new, 2, f"new until {day}")
        self.assertAlmostEqual(-churn, expected_churn, 2, f"churn until {day}")

    def _get_waiting(self, day):
        """Return what still runs on after its term: {contract: MRR}, by the story.

        Until 30 January nobody knows that three terms are not followed in time.
        """
        if not date(2027, 1, 1) <= day <= date(2027, 1, 30):
            return {}
        waiting = {"late": 200, "anew": 81, "recorded late": 55}
        if day >= date(2027, 1, 20):
            del waiting["late"]
        return waiting

    def test_two_years(self):
        self._set_up_lives()
        days = {START + relativedelta(months=number) for number in range(25)}
        days |= {date(2027, 1, 20), date(2027, 1, 31), date(2027, 5, 16)}
        for day in sorted(days):
            for job, addon in (
                ("advance", "crm_contract"),
                ("renew", "crm_contract_renewal"),
                ("mrr", "crm_contract_renewal"),
            ):
                self._run_on(job, day.isoformat(), addon)
            with freeze_time(day):
                self._act(day)
                self._check(day)
        with freeze_time("2028-01-01"):
            self._check_report(self._get_oracle(day))

    def _check_report(self, oracle):
        """The analysis of renewals says the same of each term that is over."""
        rows = self.env["crm.contract.renewal.report"].search(
            [("company_id", "=", self.company.id)]
        )
        by_contract = {row.contract_id.id: row for row in rows}
        decided = renewed = 0
        for contract in oracle.terms:
            last = oracle.last_day(contract)
            if not last:
                continue
            row = by_contract[contract]
            self.assertEqual(row.date_end, last)
            if contract != self.lives["open"].id:
                self.assertAlmostEqual(row.amount_expiring, oracle.value_of(contract))
            following = oracle.successor_of(contract)
            over = last < date(2028, 1, 1)
            decided += over
            renewed += over and bool(following)
            if following:
                self.assertEqual(row.outcome, "renewed")
                self.assertEqual(row.renewal_id.id, following)
            elif over:
                self.assertIn(row.outcome, ("expired", "terminated"))
        [[rate]] = self.env["crm.contract.renewal.report"]._read_group(
            [("company_id", "=", self.company.id), ("date_end", "<", "2028-01-01")],
            [],
            ["renewal_rate:avg"],
        )
        self.assertAlmostEqual(rate, 100 * renewed / decided)
