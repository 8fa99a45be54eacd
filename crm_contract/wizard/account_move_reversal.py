from odoo import models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def reverse_moves(self, is_modify=False):
        moves = self.move_ids
        action = super().reverse_moves(is_modify)
        if is_modify:
            # sudo: the links are owned by the ledger. The new moves were made one by
            # one, in the order of those that they replace.
            created = self.sudo().new_move_ids.sorted("id")
            for move, replacement in zip(moves.sudo(), created, strict=True):
                if move.contract_id:
                    replacement._link_replacement(move)
        return action
