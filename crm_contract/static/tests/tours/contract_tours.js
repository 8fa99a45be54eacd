import {registry} from "@web/core/registry";

import {
    PATIENCE,
    choose,
    hasState,
    press,
    pressClass,
    turnTo,
} from "@crm_contract/../tests/tours/steps";

const tours = registry.category("web_tour.tours");

tours.add("crm_contract_submit", {
    steps: () => [
        {trigger: ".o-kanban-button-new", run: "click"},
        {
            trigger: ".o_field_widget[name=name] textarea",
            run: "edit Care of the plant",
        },
        ...choose("partner_id", "Customer Corp"),
        ...choose("type_id", "Test type"),
        turnTo("content"),
        {trigger: ".o_field_widget[name=line_ids] td a:first", run: "click"},
        ...choose("product_id", "Maintenance", "[name=line_ids]"),
        {
            trigger: "[name=line_ids] .o_selected_row [name=price_unit] input",
            run: "edit 1000",
        },
        turnTo("terms"),
        ...choose("customer_signatory_id", "Sam Signatory"),
        ...choose("company_signatory_id", "contract_manager"),
        {trigger: ".o_form_button_save:visible", run: "click"},
        {trigger: ".o_notebook a.nav-link[name=overview]:visible", run: "click"},
        {trigger: ".o_contract_figure_value:contains(1,150)", ...PATIENCE},
        {
            trigger:
                "button[name=action_submit]:visible, button[name=action_open_submission]:visible",
            run: "click",
        },
        hasState("to_sign"),
        {trigger: ".o_contract_text", ...PATIENCE},
    ],
});

tours.add("crm_contract_sign", {
    steps: () => [
        {trigger: ".o_contract_duties li:contains(Sam Signatory)", ...PATIENCE},
        pressClass("o_contract_sign"),
        press("action_sign", ".modal"),
        hasState("running"),
        turnTo("overview"),
        {trigger: ".o_contract_add_copy", ...PATIENCE},
    ],
});

tours.add("crm_contract_bill", {
    steps: () => [
        {trigger: ".o_contract_figure_invoiced", ...PATIENCE},
        turnTo("money"),
        {
            trigger:
                "[name=plan_ids] .o_data_row:first button[name=action_create_invoice]",
            run: "click",
        },
        press("action_post"),
        hasState("posted"),
        press("action_view_contract"),
        {trigger: ".o_contract_figure_invoiced:contains(345)", ...PATIENCE},
    ],
});
