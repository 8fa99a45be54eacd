from . import ir_attachment
from . import crm_contract_search
from . import crm_contract_clause_text
from . import crm_contract_search_job
from . import crm_contract_similar
from . import crm_contract
