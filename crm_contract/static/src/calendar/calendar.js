import {_t} from "@web/core/l10n/translation";
import {registry} from "@web/core/registry";
import {CalendarModel} from "@web/views/calendar/calendar_model";
import {calendarView} from "@web/views/calendar/calendar_view";

// More than that nobody reads in a calendar, and a browser takes seconds for it.
const LIMIT = 500;

export class ContractCalendarModel extends CalendarModel {
    /** Load the first records of what is looked at, and say that there are more. */
    async fetchRecords(data) {
        const {context, fieldMapping, fieldNames, activeFields, resModel} = this.meta;
        const names = new Set([...fieldNames, ...Object.keys(activeFields)]);
        const records = await this.orm.searchRead(
            resModel,
            this.computeDomain(data),
            [...names],
            {context, limit: LIMIT + 1, order: `${fieldMapping.date_start}, id`},
        );
        if (records.length > LIMIT) {
            records.pop();
            this.notification.add(
                _t("Only the first %s are shown. Filter, or choose fewer days.", LIMIT),
                {type: "info"},
            );
        }
        return records;
    }
}

registry.category("views").add("crm_contract_calendar", {
    ...calendarView,
    Model: ContractCalendarModel,
});
