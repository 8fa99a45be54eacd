from . import crm_contract_reading
from . import crm_contract_clause_category
from . import crm_contract_clause_template
from . import crm_contract_clause
from . import crm_contract_template
