from . import crm_contract_type
from . import crm_contract_survey
from . import crm_contract_survey_ask
from . import crm_contract_survey_answer
from . import crm_contract_survey_score
from . import crm_contract_schedule
from . import crm_contract_portal
