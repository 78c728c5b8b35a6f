from django.conf import settings

POLICY = "default-src 'self'"


class ContentSecurityPolicy:
    """Production enforces the policy, staging only reports what it would have blocked."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.header = 'Content-Security-Policy' + ('-Report-Only' if settings.CSP_REPORT_ONLY else '')

    def __call__(self, request):
        response = self.get_response(request)
        response[self.header] = POLICY
        return response
