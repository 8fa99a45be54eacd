{
    "name": "Customer contracts: renewal and change",
    "summary": "Notice deadlines, renewals and amendments of contracts",
    "version": "19.0.1.0.0",
    "category": "Sales/CRM",
    "author": "Contract suite contributors",
    "license": "LGPL-3",
    "depends": ["crm_contract"],
}
