from collections import Counter

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

# What no address of somebody has, though the rules of mail would let it be quoted
_STRANGE = frozenset('<>"()[],;:\\ \t')


class CrmContractSignatureCheck(models.AbstractModel):
    """What speaks against sending a signature request, or giving it to somebody."""

    _name = "crm.contract.signature.check"
    _description = "What signature requests lack"

    @api.model
    def _check(self, requests):
        """Raise UserError that names all that has to be mended, of all requests."""
        taken = self._find_our_addresses(requests.signatory_ids)
        problems = [
            self.env._(
                "%(contract)s: %(problem)s",
                contract=request.contract_id.display_name,
                problem=problem,
            )
            for request in requests
            for problem in self._get_problems(request, taken)
        ]
        if problems:
            raise UserError("\n".join(problems))

    @api.model
    def _get_problems(self, request, taken):
        """Return what has to be mended before a request is sent (list of str).

        :param taken: as of `_find_our_addresses`
        """
        problems = [
            *self._get_text_problems(request),
            *self._get_side_problems(request),
        ]
        for signatory in request.signatory_ids:
            problems += self._get_person_problems(signatory, taken)
        rows = request.signatory_ids.filtered("email")
        addresses = Counter(email_normalize(row.email) or "" for row in rows)
        problems += [
            self.env._(
                "%s stands there twice: each signatory needs an address of his own.",
                address,
            )
            for address, number in addresses.items()
            if address and number > 1
        ]
        return problems

    @api.model
    def _get_text_problems(self, request):
        """Return what speaks against the text itself (list of str).

        Extended by satellites.
        """
        contract, today = request.contract_id, request.company_id._get_today()
        if contract.state != "to_sign":
            return [self.env._("It is not waiting to be signed.")]
        text = contract._get_text_document()
        if not text:
            return [
                self.env._(
                    "The printed text is missing. Withdraw the contract and submit it "
                    "again."
                )
            ]
        if not text._is_intact():
            return [
                self.env._(
                    "The stored text is not the one that was submitted. Verify the "
                    "contract, withdraw it and submit it again."
                )
            ]
        if request.date_expiry and request.date_expiry < today:
            return [self.env._("The last day to sign is over already.")]
        return []

    @api.model
    def _get_side_problems(self, request):
        sides = set(request._get_signers().mapped("side"))
        problems = []
        if "customer" not in sides:
            problems.append(
                self.env._("Nobody signs for the customer. Add a signatory.")
            )
        if "company" not in sides:
            problems.append(
                self.env._(
                    "Nobody signs for us. Add a signatory, or name some on the type."
                )
            )
        return problems

    @api.model
    def _get_person_problems(self, signatory, taken):
        """Return what speaks against one signatory (list of str)."""
        name = signatory.name
        problems = self._get_address_problems(signatory, taken)
        # sudo: whether they are there
        user, partner = signatory.sudo().user_id, signatory.sudo().partner_id
        if (user and not user.active) or (partner and not partner.active):
            problems.append(self.env._("%s is archived. Choose somebody else.", name))
        elif user and (user.share or signatory.company_id not in user.company_ids):
            problems.append(
                self.env._(
                    "%(name)s is no user of %(company)s. Choose somebody else.",
                    name=name,
                    company=signatory.company_id.display_name,
                )
            )
        ours = user or partner.user_ids.filtered(lambda row: not row.share)
        if ours and signatory.side != "company":
            problems.append(
                self.env._("%s is our user and can't sign for the customer.", name)
            )
        return problems + self._get_letter_problems(signatory)

    @api.model
    def _get_address_problems(self, signatory, taken):
        name, address = signatory.name, email_normalize(signatory.email or "")
        if not signatory.email:
            return [self.env._("%s has no mail address. Enter it.", name)]
        if not address or not _STRANGE.isdisjoint(address):
            return [
                self.env._(
                    "%(name)s: “%(address)s” is no mail address.",
                    name=name,
                    address=signatory.email,
                )
            ]
        if signatory.side == "customer" and address in taken:
            return [
                self.env._(
                    "%(name)s: %(address)s is the address of one of our users, who "
                    "can't sign for the customer.",
                    name=name,
                    address=address,
                )
            ]
        return []

    @api.model
    def _get_letter_problems(self, signatory):
        if signatory.role != "signer" or signatory.capacity != "authorised":
            return []
        needed = signatory.contract_id.type_id.signature_needs_letter
        if needed and not signatory.letter:
            return [
                self.env._(
                    "%s signs by authority: attach the letter of authority.",
                    signatory.name,
                )
            ]
        until = signatory.letter_until
        if until and until < signatory.company_id._get_today():
            return [
                self.env._(
                    "The letter of authority of %s has expired. Attach another.",
                    signatory.name,
                )
            ]
        return []

    @api.model
    def _find_our_addresses(self, signatories):
        """Return the addresses of signatories that belong to users of ours (set of str).

        Nobody of ours signs as the customer, by whatever name.
        """
        addresses = {email_normalize(row.email or "") for row in signatories} - {False}
        return self._find_ours(addresses)

    @api.model
    def _find_ours(self, addresses):
        if not addresses:
            return set()
        # sudo: whether an address is that of a user, archived ones too
        users = self.env["res.users"].sudo().with_context(active_test=False)
        found = users.search(
            [
                ("share", "=", False),
                "|",
                ("login", "in", list(addresses)),
                ("partner_id.email_normalized", "in", list(addresses)),
            ]
        )
        return {
            address
            for user in found
            for address in (email_normalize(user.login), user.email_normalized)
            if address
        } & addresses
