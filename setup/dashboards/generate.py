#!/usr/bin/env python3
"""Write the dashboards of the add-ons from their descriptions.

A description is `<add-on>/data/dashboards/<name>.toml`; `generate.py` writes two files
beside it, the dashboard and what Odoo shows of it while there is no data, and `generate.py
--check` says which are not up to date. README.md tells what a description may say.
"""

import ast
import json
import sys
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    from pip._vendor import tomli as tomllib

VERSION = "18.5.10"
ROOT = Path(__file__).resolve().parents[2]
# Two blocks of three columns, with a gap between them: 1,000 pixels
COLUMNS = (220, 150, 120, 20, 220, 150, 120)
BLOCKS = ("ABC", "EFG")
WIDTH = 490
CARDS = 5
CARD_ROWS = 5
CHART_ROWS = 13
LIST_ROWS = 10
RELATIONS = {
    "company": ("Company", "res.company", "company_id"),
    "type": ("Contract type", "crm.contract.type", "type_id"),
    "team": ("Sales team", "crm.team", "team_id"),
    "user": ("Salesperson", "res.users", "user_id"),
    "partner": ("Customer", "res.partner", "partner_id"),
}
STYLES = {
    "1": {"textColor": "#01666b", "bold": True, "fontSize": 16},
    "2": {"bold": True, "fontSize": 11, "textColor": "#434343"},
    "3": {"bold": True, "fontSize": 11, "textColor": "#434343", "align": "right"},
    "4": {"textColor": "#434343"},
    "5": {"textColor": "#01666B"},
}
BORDERS = {
    "1": {"bottom": {"style": "thin", "color": "#CCCCCC"}},
    "2": {"bottom": {"style": "thin", "color": "#F2F2F2"}},
}
UP, DOWN = "#00A04A", "#DC6965"


class Dashboard:
    """A dashboard that is being laid out, from the top down."""

    def __init__(self, said, is_sample=False):
        self.said = said
        self.is_sample = is_sample
        self.row = 0
        self.cells, self.styles, self.borders, self.data = {}, {}, {}, {}
        self.figures, self.pivots, self.lists, self.menus = [], {}, {}, {}
        self.known = {}

    def build(self):
        self.put_cards_and_figures()
        self.put_charts()
        self.put_lists()
        return {
            "version": VERSION,
            "sheets": [
                self.get_sheet("sheet1", "Dashboard", self.cells, self.figures),
                self.get_sheet("sheet2", "Data", self.data, []),
            ],
            "styles": STYLES,
            "formats": {"1": "#,##0"},
            "borders": BORDERS,
            "revisionId": "START_REVISION",
            "uniqueFigureIds": True,
            "settings": {"locale": LOCALE},
            "pivots": self.pivots,
            "pivotNextId": len(self.pivots) + 1,
            "customTableStyles": {},
            "globalFilters": self.get_filters(),
            "lists": self.lists,
            "listNextId": len(self.lists) + 1,
            "chartOdooMenusReferences": self.menus,
        }

    def get_sheet(self, sheet_id, name, cells, figures):
        is_first = sheet_id == "sheet1"
        return {
            "id": sheet_id,
            "name": name,
            "colNumber": len(COLUMNS) if is_first else 26,
            "rowNumber": max(self.row, 100),
            "rows": {},
            "cols": {
                str(number): {"size": size}
                for number, size in enumerate(COLUMNS)
                if is_first
            },
            "merges": [],
            "cells": cells,
            "styles": self.styles if is_first else {},
            "formats": {},
            "borders": self.borders if is_first else {},
            "conditionalFormats": [],
            "dataValidationRules": [],
            "figures": figures,
            "tables": [],
            "areGridLinesVisible": False,
            "isVisible": True,
            "headerGroups": {"ROW": [], "COL": []},
            "comments": {},
        }

    def get_filters(self):
        if self.is_sample:
            return []
        period = {
            "id": get_id("period"),
            "type": "date",
            "label": "Period",
            "defaultValue": self.said.get("period", "this_year"),
        }
        relations = [
            {
                "id": get_id(key),
                "type": "relation",
                "label": label,
                "modelName": model,
                "defaultValueDisplayNames": [],
            }
            for key, (label, model, _chain) in RELATIONS.items()
        ]
        if self.said.get("mine"):
            relations[list(RELATIONS).index("user")]["defaultValue"] = {
                "operator": "in",
                "ids": "current_user",
            }
        return [period, *relations]

    def get_matching(self, part, offset=0):
        """Return which field of a part's model each filter is about."""
        chains = self.said.get("chains", {}).get(part["model"], {})
        matching = {
            get_id(key): {"chain": chains.get(key, chain), "type": "many2one"}
            for key, (_label, _model, chain) in RELATIONS.items()
        }
        if part.get("period"):
            matching[get_id("period")] = {
                "chain": part["period"],
                "type": part.get("period_type", "date"),
                "offset": offset,
            }
        return matching

    def put(self, cell, content, style=None):
        self.cells[cell] = content
        if style:
            self.styles[cell] = style

    def put_title(self, block, content):
        first, _second, last = BLOCKS[block]
        self.put(f"{first}{self.row + 1}", content, 1)
        self.borders[f"{first}{self.row + 1}:{last}{self.row + 1}"] = 1

    # Figures: a table whose numbers open their records, and cards above it

    def put_cards_and_figures(self):
        figures = self.said["figures"]
        cards = [figure for figure in figures if not figure.get("row_only")]
        lines = -(-len(cards) // CARDS)
        top = lines * CARD_ROWS
        for number, figure in enumerate(figures):
            figure["cell"] = top + 3 + number
        for number, figure in enumerate(cards):
            self.put_card(figure, divmod(number, CARDS), -(-len(cards) // lines))
        self.row = top
        self.put_title(0, text("Key figures"))
        self.put_title(1, text("One click away"))
        self.row += 1
        self.put(f"B{self.row + 1}", text("This period"), 3)
        self.put(f"C{self.row + 1}", text("Last period"), 3)
        for number, figure in enumerate(figures):
            self.put_figure(figure, number)
        for number, link in enumerate(self.said["links"], self.row + 1):
            self.put(f"E{number}", self.get_link(link), 5)
        self.row += 1 + max(len(figures), len(self.said["links"])) + 1

    def put_card(self, figure, place, columns):
        line, column = place
        width = 1000 // columns
        is_good = figure.get("good", "up") == "up"
        card = {
            "type": "scorecard",
            "title": {
                "text": figure.get("short", figure["label"]),
                "bold": True,
                "color": "#434343",
                "fontSize": 12,
            },
            "background": "#EFF6FF" if line == 0 else "#FFF7ED",
            "keyValue": f"Dashboard!B{figure['cell']}",
            "humanize": True,
            "baselineMode": "percentage",
            "baselineColorUp": UP if is_good else DOWN,
            "baselineColorDown": DOWN if is_good else UP,
            "baselineDescr": {"text": ""},
        }
        if figure.get("period"):
            card["baseline"] = f"Dashboard!C{figure['cell']}"
            card["baselineDescr"] = {"text": "to before"}
        offset = {"x": column * width, "y": 8 + line * 23 * CARD_ROWS}
        card_id = self.add_figure(figure, card, (0, 0), offset, (width - 10, 100))
        if figure.get("menu") and not self.is_sample:
            self.menus[card_id] = figure["menu"]

    def put_figure(self, figure, number):
        row = figure["cell"]
        self.put(f"A{row}", text(figure["label"]), 4)
        self.borders[f"A{row}:C{row}"] = 2
        if self.is_sample:
            value = figure.get("sample", 7 + 5 * number)
            self.put(f"B{row}", str(value))
            if figure.get("period"):
                self.put(f"C{row}", str(round(value * 0.8)))
            return
        self.put(f"B{row}", self.get_value(figure))
        if figure.get("period"):
            self.put(f"C{row}", self.get_value(figure, -1))

    def get_value(self, figure, offset=0):
        """Return the formula of a figure; those of the same records share a pivot."""
        key = (figure["model"], figure["domain"], figure.get("period"), offset)
        if key not in self.known:
            self.known[key] = self.add_pivot(figure, offset)
        pivot = self.pivots[self.known[key]]
        measure = get_measure(figure["measure"])
        if measure not in pivot["measures"]:
            pivot["measures"].append(measure)
        return f'=PIVOT.VALUE({self.known[key]},"{measure["id"]}")'

    def add_pivot(self, figure, offset):
        pivot_id = str(len(self.pivots) + 1)
        self.pivots[pivot_id] = {
            "type": "ODOO",
            "id": pivot_id,
            "formulaId": pivot_id,
            "name": figure["label"],
            "model": figure["model"],
            "domain": parse(figure["domain"]),
            "context": {},
            "measures": [],
            "rows": [],
            "columns": [],
            "fieldMatching": self.get_matching(figure, offset),
        }
        return pivot_id

    # Charts: two in a row

    def put_charts(self):
        for number, chart in enumerate(self.said["charts"]):
            block = number % 2
            make = self.get_sample_chart if self.is_sample else self.get_chart
            title = {"text": chart["label"], "bold": True, "color": "#434343"}
            data = {"title": title, "background": "#FFFFFF", **make(chart, number)}
            size = (WIDTH, 23 * CHART_ROWS - 15)
            self.add_figure(chart, data, (4 * block, self.row), {"x": 0, "y": 0}, size)
            if block or number == len(self.said["charts"]) - 1:
                self.row += CHART_ROWS

    def get_chart(self, chart, _number):
        kind = chart.get("kind", "bar")
        data = {
            "type": f"odoo_{kind}",
            "legendPosition": chart.get("legend", "top" if kind == "pie" else "none"),
            "metaData": {
                "groupBy": chart["group"],
                "measure": chart["measure"],
                "order": None,
                "resModel": chart["model"],
                "mode": kind,
            },
            "searchParams": {
                "comparison": None,
                "context": {},
                "domain": parse(chart["domain"]),
                "groupBy": chart["group"],
                "orderBy": [],
            },
            "dataSets": [{}],
            "fieldMatching": self.get_matching(chart),
        }
        if kind != "pie":
            data |= {"verticalAxisPosition": "left", "stacked": len(chart["group"]) > 1}
        if kind == "line":
            data |= {"fillArea": True, "cumulatedStart": False}
        return data

    def get_sample_chart(self, chart, number):
        kind = chart.get("kind", "bar")
        label, value = (chr(ord("A") + 2 * number + place) for place in (0, 1))
        for row in range(1, 7):
            self.data[f"{label}{row}"] = f"{row}"
            self.data[f"{value}{row}"] = str(40 + (row * 37 + number * 11) % 60)
        data = {
            "type": kind,
            "legendPosition": "none",
            "dataSetsHaveTitle": False,
            "dataSets": [{"dataRange": f"Data!{value}1:{value}6", "yAxisId": "y"}],
            "labelRange": f"Data!{label}1:{label}6",
            "aggregated": False,
        }
        if kind != "pie":
            data |= {"stacked": False}
        if kind == "line":
            data |= {"labelsAsText": True, "cumulative": False, "fillArea": True}
        return data

    # Lists: two in a row, of three columns each; each row opens its record

    def put_lists(self):
        top = self.row
        for number, part in enumerate(self.said["lists"]):
            self.row = top + number // 2 * (LIST_ROWS + 3)
            self.put_list(part, number % 2)
        self.row = top + -(-len(self.said["lists"]) // 2) * (LIST_ROWS + 3)

    def put_list(self, part, block):
        list_id = str(len(self.lists) + 1)
        self.put_title(block, self.get_link(part))
        if not self.is_sample:
            self.lists[list_id] = {
                "id": list_id,
                "name": part["label"],
                "model": part["model"],
                "columns": part["columns"],
                "domain": parse(part["domain"]),
                "context": {},
                "orderBy": [
                    {"name": name.removesuffix(" desc"), "asc": " desc" not in name}
                    for name in part["order"]
                ],
                "fieldMatching": self.get_matching(part),
            }
        for column, name in zip(BLOCKS[block], part["columns"], strict=True):
            self.put_column(part, column, name, list_id)

    def put_column(self, part, column, name, list_id):
        head = self.row + 2
        if self.is_sample:
            self.put(
                f"{column}{head}", text(part["label"]) if column in "AE" else "", 2
            )
            for row in range(1, 6):
                sample = text("Sample") if column in "AE" else str(row * 1200)
                self.put(f"{column}{head + row}", sample, 4)
            return
        title = f",{text('Contract')[1:]}" if name == "display_name" else ""
        content = f'=ODOO.LIST.HEADER({list_id},"{name}"{title})'
        self.put(f"{column}{head}", content, 2)
        for row in range(1, LIST_ROWS + 1):
            cell = f"{column}{head + row}"
            self.put(cell, f'=ODOO.LIST({list_id},{row},"{name}")', 4)

    def get_link(self, link):
        """Return the content of a cell that opens records."""
        if self.is_sample:
            return text(link["label"])
        if "action" not in link:
            link = {"views": ["list", "form"], **link}
            action = {
                "domain": parse(link["domain"]),
                "context": {},
                "modelName": link["model"],
                "views": [[False, view] for view in [*link["views"], "search"]],
            }
            target = {
                "viewType": link["views"][0],
                "action": action,
                "threshold": 0,
                "name": link["label"],
            }
            return f"[{link['label']}](odoo://view/{json.dumps(target)})"
        return f"[{link['label']}](odoo://ir_menu_xml_id/{link['action']})"

    def add_figure(self, part, data, place, offset, size):
        figure_id = get_id(f"{self.said['name']}/{part['label']}/{data['type']}")
        column, row = place
        width, height = size
        self.figures.append(
            {
                "id": figure_id,
                "tag": "chart",
                "col": column,
                "row": row,
                "offset": offset,
                "width": width,
                "height": height,
                "data": {**data, "chartId": figure_id},
            }
        )
        return figure_id


LOCALE = {
    "name": "English (US)",
    "code": "en_US",
    "thousandsSeparator": ",",
    "decimalSeparator": ".",
    "dateFormat": "mm/dd/yyyy",
    "timeFormat": "hh:mm:ss",
    "formulaArgSeparator": ",",
    "weekStart": 7,
}


def text(term):
    """Return a cell that says a term in the language of the reader."""
    return f'=_t("{term}")'


def get_id(name):
    return str(uuid5(NAMESPACE_URL, name))


def get_measure(said):
    """Return the measure of `field:aggregator`, or of `__count`."""
    field, _colon, aggregator = said.partition(":")
    measure = {"id": said, "fieldName": field}
    return measure | ({"aggregator": aggregator} if aggregator else {})


def parse(domain):
    return json.loads(json.dumps(ast.literal_eval(domain)))


def read(path):
    """Return a description; what a figure, chart or list leaves out is of `defaults`."""
    said = tomllib.loads(path.read_text())
    for kind in ("figures", "charts", "lists"):
        said[kind] = [{**said["defaults"], **part} for part in said.get(kind, [])]
    said.setdefault("links", [])
    return said


def get_files(path):
    """Return what a description says: `{path of a file: its text}`."""
    return {
        path.with_name(f"{path.stem}{kind}_dashboard.json"): json.dumps(
            Dashboard(read(path), is_sample=bool(kind)).build(),
            ensure_ascii=False,
            indent=1,
        )
        + "\n"
        for kind in ("", "_sample")
    }


def get_descriptions(root=ROOT):
    return sorted(root.glob("crm_contract*/data/dashboards/*.toml"))


def main(arguments):
    stale = []
    for path in get_descriptions():
        for target, content in get_files(path).items():
            if target.exists() and target.read_text() == content:
                continue
            stale.append(str(target.relative_to(ROOT)))
            if "--check" not in arguments:
                target.write_text(content)
    for name in stale:
        what = "stale" if "--check" in arguments else "written"
        sys.stdout.write(f"{what}: {name}\n")
    return int("--check" in arguments and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
