import doctest


def check_doctests(case, module):
    """Run the doctests of a module inside a test case.

    Odoo's test loader does not call `load_tests`, so that each test file asks for the
    doctests of the module that it covers.
    """
    result = doctest.testmod(module)
    case.assertGreater(result.attempted, 0)
    case.assertEqual(result.failed, 0)
