"""Stands in for the Next.js storefront: it renders the page on the server from the API, and still answers 200 with an
apology when the API does not, as the real one does ("health is 503 but the site loads")."""
import json
import os
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

API = os.environ.get('INTERNAL_API_URL', 'http://backend:8000/api')
PUBLIC_API = os.environ.get('NEXT_PUBLIC_API_URL', '')
VERSION = os.environ.get('SHOP_VERSION', 'unknown')
PORT = int(os.environ.get('PORT', '3000'))
POLICY_HEADER = 'Content-Security-Policy' + ('-Report-Only' if os.environ.get('CSP_REPORT_ONLY') == 'True' else '')


def catalogue():
    try:
        request = Request(f'{API}/products/', headers={'Host': 'localhost'})
        with urlopen(request, timeout=2) as answer:
            products = json.load(answer)['products']
        return '<ul>' + ''.join(f"<li>{escape(p['name'])}: {escape(p['price'])}</li>" for p in products) + '</ul>'
    except Exception as error:
        print(f'catalogue unavailable: {error}', flush=True)
        return '<p>The catalogue is not available right now.</p>'


class Storefront(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.split('?')[0] != '/':
            return self.answer(404, '<h1>Not found</h1>')
        self.answer(200, f'<h1>Shop</h1>{catalogue()}<footer data-api="{escape(PUBLIC_API)}">{VERSION}</footer>')

    do_HEAD = do_GET

    def answer(self, status, body):
        page = f'<!doctype html><title>Shop</title>{body}'.encode()
        self.send_response(status)
        self.send_header('Content-Type', 'text/html; charset=utf-8')
        self.send_header(POLICY_HEADER, "default-src 'self'")
        self.send_header('Content-Length', str(len(page)))
        self.end_headers()
        if self.command == 'GET':
            self.wfile.write(page)

    def log_message(self, line, *values):
        if self.client_address[0] != '127.0.0.1':
            print(f'{self.client_address[0]} {line % values}', flush=True)


print(f'storefront {VERSION} listens on {PORT}', flush=True)
ThreadingHTTPServer(('0.0.0.0', PORT), Storefront).serve_forever()
