"""The rig in which the pages are tested sees trouble when there is some, and is silent when there is none."""

import sys

import pytest
from support.browser import chromium, opened, serving

SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(self.path.strip("/") or 200))
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        script = {"throws": "throw Error('oh')", "asks": "fetch('//elsewhere.invalid/')"}.get(sys.argv[-1], "")
        self.wfile.write(f"<link rel=icon href=data:,><h1>Here</h1><script>{script}</script>".encode())

server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
if "dies" in sys.argv:
    sys.exit("no such port")
print(f"capflow: http://127.0.0.1:{server.server_port}/", flush=True)
try:
    server.serve_forever()
except KeyboardInterrupt:
    if "grumbles" in sys.argv:
        raise
"""


def _serving(folder, *arguments):
    start = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    return serving(*arguments, cwd=folder, program=(sys.executable, "-c", start + SERVER))


def test_a_page_without_trouble(browser, tmp_path):
    with _serving(tmp_path) as address, opened(browser, address) as page:
        page.goto(address)
        assert page.text_content("h1") == "Here"
        assert page.goto(f"{address}/404").status == 404


@pytest.mark.parametrize(
    ("does", "path", "told"),
    [("throws", "", "error in a script: oh"), ("", "503", "503 from"), ("asks", "", "asked another machine")],
)
def test_trouble_in_a_page_is_a_failure(browser, tmp_path, does, path, told):
    with (
        _serving(tmp_path, does) as address,
        pytest.raises(AssertionError, match=told),
        opened(browser, address) as page,
    ):
        page.goto(f"{address}/{path}")


def test_a_server_that_does_not_start_or_does_not_end_in_order_is_a_failure(tmp_path):
    with pytest.raises(AssertionError, match="no such port"), _serving(tmp_path, "dies"):
        pass
    with pytest.raises(AssertionError, match="KeyboardInterrupt"), _serving(tmp_path, "grumbles"):
        pass


def test_without_a_browser_page_tests_are_skipped_but_fail_under_ci(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("CAPFLOW_BROWSER", raising=False)
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        chromium()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        chromium()
    monkeypatch.setenv("CAPFLOW_BROWSER", "netscape")
    with pytest.raises(pytest.fail.Exception, match="CAPFLOW_BROWSER is netscape"):
        chromium()
