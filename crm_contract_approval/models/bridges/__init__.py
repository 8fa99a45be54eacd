from . import ir_actions_report
from . import ir_http
from . import mail_activity
from . import res_config_settings
from . import res_users
