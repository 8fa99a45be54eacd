import {Component, useState} from "@odoo/owl";

import {registry} from "@web/core/registry";
import {_t} from "@web/core/l10n/translation";
import {deserializeDate, formatDate} from "@web/core/l10n/dates";
import {useService} from "@web/core/utils/hooks";
import {formatMonetary} from "@web/views/fields/formatters";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useRecordObserver} from "@web/model/relational_model/utils";

const ICONS = {
    signature: "fa-pencil",
    start: "fa-play",
    notice: "fa-bell-o",
    deadline: "fa-bell-o",
    end: "fa-stop",
    milestone: "fa-flag-checkered",
    installment: "fa-money",
    amendment: "fa-pencil-square-o",
    approval: "fa-gavel",
    dispute: "fa-balance-scale",
    limitation: "fa-hourglass-end",
};
// Marks that stand above the line; what falls due stands on it as a tick.
const TICK = "installment";
const LISTED = 6;

/** Money, days and people of a contract: what its first page shows. */
export class ContractOverview extends Component {
    static template = "crm_contract.Overview";
    static props = {...standardWidgetProps};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.ui = useService("ui");
        this.state = useState({overview: null, showsAll: false});
        // Each load of the record has a new `data`: after a button, what it shows may be
        // another thing.
        useRecordObserver((record) => record.data && this.load(record.resId));
    }

    async load(id) {
        if (!id) {
            this.state.overview = null;
            return;
        }
        const [overview] = await this.orm.call(
            "crm.contract.overview",
            "get_overviews",
            [[id]],
        );
        this.state.overview = overview;
    }

    get overview() {
        return this.state.overview;
    }

    get whole() {
        return this.overview.figures[0];
    }

    get parts() {
        return this.overview.figures.slice(1);
    }

    get hasBar() {
        return this.whole.amount > 0 && this.parts.some(({key}) => key === "invoiced");
    }

    /** What is overdue lies beside what is paid, both upon what is invoiced. */
    style(part) {
        const paid = this.parts.find((each) => each.key === "paid");
        const left = part.key === "overdue" && paid ? paid.share : 0;
        return `left: ${100 * left}%; width: ${100 * part.share}%`;
    }

    /** Why value, invoiced and to invoice do not add up by themselves. */
    explain({key}) {
        return {
            unbilled: _t(
                "Waived, credited for good, dropped at an early end, billed before or by a sales order",
            ),
            beyond: _t("Invoiced or to be invoiced beyond the contract value"),
        }[key];
    }

    get nextEvent() {
        return this.overview.events[this.overview.next];
    }

    /** The events of the list: some that come, and before them those that are late. */
    get listed() {
        const {events, next} = this.overview;
        if (this.state.showsAll) {
            return events;
        }
        const isOpen = (event) => ["late", "due"].includes(event.state);
        const ahead =
            next < 0 ? events.slice(-LISTED) : events.filter(this.isAhead, this);
        const listed = [
            ...events.filter(isOpen),
            ...ahead.filter((event) => !isOpen(event)),
        ];
        return listed.slice(0, LISTED);
    }

    get hiddenCount() {
        return this.overview.events.length - this.listed.length;
    }

    isAhead(event) {
        return event.day >= this.overview.today && event.state !== "done";
    }

    /** First and last day of the line: all events, and today. */
    get span() {
        const days = [
            ...this.overview.events.map((event) => event.day),
            this.overview.today,
        ].sort();
        const [first, last] = [days[0], days.at(-1)].map((day) => Date.parse(day));
        return {first, length: Math.max(last - first, 1)};
    }

    place(day) {
        const {first, length} = this.span;
        return (100 * (Date.parse(day) - first)) / length;
    }

    get ticks() {
        return this.overview.events.filter((event) => event.key === TICK);
    }

    /** The marks with their place in percent, so that none hides another one. */
    get marks() {
        const marks = this.overview.events
            .filter((event) => event.key !== TICK)
            .map((event) => ({...event, place: this.place(event.day)}));
        // More than there is room for overlap, and none is cut off.
        const room = 100 / Math.max(marks.length - 1, 1);
        const width = Math.min(this.ui.isSmall ? 8 : 3.4, room);
        let free = 0;
        for (const mark of marks) {
            mark.place = Math.max(mark.place, free);
            free = mark.place + width;
        }
        let last = 100;
        for (const mark of marks.reverse()) {
            mark.place = Math.min(mark.place, last);
            last = mark.place - width;
        }
        return marks;
    }

    isFarFromToday(place) {
        const distance = this.ui.isSmall ? 30 : 14;
        return Math.abs(this.place(this.overview.today) - place) > distance;
    }

    get term() {
        const day = (key) =>
            this.overview.events.find((event) => event.key === key)?.day;
        const from = day("start");
        if (!from) {
            return "";
        }
        const left = this.place(from);
        const right = this.place(day("end") || this.lastDay);
        return `left: ${left}%; width: ${Math.max(right - left, 0)}%`;
    }

    get lastDay() {
        return this.overview.events.at(-1).day;
    }

    get summary() {
        return this.overview.events
            .filter((event) => event.key !== TICK)
            .map((event) => this.describe(event))
            .join("; ");
    }

    describe(event) {
        const amount = event.amount ? ` (${this.money(event.amount)})` : "";
        return `${this.date(event.day)}: ${event.name}${amount}`;
    }

    icon(event) {
        return ICONS[event.key] || "fa-circle";
    }

    tone(state) {
        return (
            {late: "danger", due: "warning", open: "warning", done: "success"}[state] ||
            "muted"
        );
    }

    money(amount) {
        return formatMonetary(amount, {currencyId: this.overview.currency_id});
    }

    date(day) {
        return formatDate(deserializeDate(day));
    }

    /** In how many days, as people say it. */
    distance(day) {
        const days = Math.round(
            (Date.parse(day) - Date.parse(this.overview.today)) / 86400000,
        );
        if (!days) {
            return _t("today");
        }
        return days > 0 ? _t("in %s days", days) : _t("%s days ago", -days);
    }

    percent(share) {
        return `${Math.round(100 * share)}%`;
    }

    open(item) {
        if (item.res_model) {
            this.action.doAction({
                type: "ir.actions.act_window",
                res_model: item.res_model,
                res_id: item.res_id,
                views: [[false, "form"]],
            });
        }
    }

    addSignedCopy() {
        const {record} = this.props;
        this.action.doAction("crm_contract.crm_contract_signed_copy_action", {
            additionalContext: {default_contract_id: record.resId},
            onClose: () => record.load(),
        });
    }

    toggle() {
        this.state.showsAll = !this.state.showsAll;
    }
}

registry
    .category("view_widgets")
    .add("crm_contract_overview", {component: ContractOverview});
