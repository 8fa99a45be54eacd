"""The dashboards: what is committed is what their descriptions say, and each one opens."""

import importlib.util
from pathlib import Path

import pytest
from test_browser_menus import Walk, walk_in  # noqa: F401 (fixture)

GENERATOR = Path(__file__).parents[1] / "setup" / "dashboards" / "generate.py"
DASHBOARDS = """
    SELECT d.id, d.name->>'en_US' FROM spreadsheet_dashboard d
      JOIN ir_model_data data
        ON data.model = 'spreadsheet.dashboard' AND data.res_id = d.id
     WHERE data.module LIKE 'crm\\_contract%%' ORDER BY d.sequence
"""
OPEN = """id => odoo.__WOWL_DEBUG__.root.env.services.action.doAction({
    type: "ir.actions.client", tag: "action_spreadsheet_dashboard",
    params: { dashboard_id: id } }, { clearBreadcrumbs: true })"""
# What the page of a dashboard has to say: cells that say an error or still load, charts
# without any number, and how many there are of each.
LOOK = """id => {
    const { spreadsheet_dashboard_loader: loader } = odoo.__WOWL_DEBUG__.root.env.services;
    const dashboard = loader.getActiveDashboard();
    if (dashboard?.data.id !== id || !dashboard.model) return null;
    const { getters } = dashboard.model;
    const sheet = getters.getSheetIds()[0];
    const found = { errors: [], loading: 0, empty: [], charts: 0, figures: 0, links: 0 };
    for (const [cell, { content }] of Object.entries(getters.getCells(sheet)).map(
        ([cell, it]) => [cell, it])) {
        const position = { sheetId: sheet, ...getters.getCellPosition(cell) };
        const { type, value, message, link } = getters.getEvaluatedCell(position);
        if (value === "Loading..." || value === "#LOADING") found.loading += 1;
        else if (type === "error") found.errors.push(`${content}: ${message || value}`);
        if (link) found.links += 1;
        if ((content || "").startsWith("=PIVOT.VALUE")) found.figures += 1;
    }
    for (const chartId of getters.getChartIds(sheet)) {
        const chart = getters.getChart(chartId);
        if (!chart.type.startsWith("odoo_")) continue;
        found.charts += 1;
        if (!chart.dataSource?.isReady()) { found.loading += 1; continue; }
        const { datasets } = chart.dataSource.getData();
        if (!datasets.some(({ data }) => data.some((value) => value)))
            found.empty.push(chart.title.text);
    }
    return found.loading ? null : found;
}"""


def load_generator():
    spec = importlib.util.spec_from_file_location("generate", GENERATOR)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_dashboards_are_those_of_their_descriptions():
    generator = load_generator()
    paths = generator.get_descriptions()
    assert len(paths) == 6
    for path in paths:
        for target, content in generator.get_files(path).items():
            assert target.read_text() == content, f"run {GENERATOR} for {target.name}"


@pytest.fixture
def dashboards(database):
    return database.rows(DASHBOARDS)


def test_every_dashboard_in_both_languages(walk_in, dashboards):  # noqa: F811
    """Each opens without an error, and its charts have numbers with demo data."""
    assert len(dashboards) == 6
    for lang in ("en_US", "zh_CN"):
        walk = walk_in(lang)
        for dashboard_id, name in dashboards:
            walk.do(f"{name}, {lang}", look, walk, dashboard_id)
        assert not walk.problems, "\n".join(walk.problems)


def look(walk, dashboard_id):
    walk.page.evaluate(OPEN, dashboard_id)
    # A chart asks for its numbers when it is looked at: look until all are there.
    found = walk.page.wait_for_function(
        LOOK, arg=dashboard_id, polling=200
    ).json_value()
    for text in [*found["errors"], *(f"{each} is empty" for each in found["empty"])]:
        walk.note(text)
    assert found["charts"] >= 2
    assert found["figures"] >= 9
    assert found["links"] >= 4
