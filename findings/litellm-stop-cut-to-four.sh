#!/usr/bin/env bash
# litellm 1.106.2: of more than four strings in `stop`, those after the fourth are not sent, without a word.
#
# The caller's list is cut on the way to any address that speaks OpenAI's protocol, also to servers of one's own that
# take more (vLLM, llama.cpp and SGLang have no such limit). No exception, no warning, and nothing in the answer tells;
# a model that is to stop at the fifth string goes on past it.
#
# Expected: all six strings in the request, or an error.
# Seen:     asked for 6: ['a', 'b', 'c', 'd', 'e', 'f'] | sent 4: ['a', 'b', 'c', 'd'] | warnings: 0
#
# Runs without a network but for the installation; exits 1 when litellm behaves differently.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check "litellm==1.106.2"
export LITELLM_LOCAL_MODEL_COST_MAP=True LITELLM_MODE=PRODUCTION
"$folder/venv/bin/python" - <<'PYTHON'
import json
import logging
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import litellm

ASKED = ["a", "b", "c", "d", "e", "f"]
requests = []
logged = []


class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "it", "choices": [choice], "usage": usage}
        sent = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_):
        pass


class Listener(logging.Handler):
    def emit(self, record):
        if record.levelno >= logging.WARNING:
            logged.append(record.getMessage())


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
logging.getLogger("LiteLLM").addHandler(Listener())
with warnings.catch_warnings(record=True) as warned:
    warnings.simplefilter("always")
    litellm.completion(
        model="hosted_vllm/it",
        messages=[{"role": "user", "content": "hi"}],
        stop=ASKED,
        api_base=f"http://127.0.0.1:{server.server_port}/v1",
        api_key="none",
        max_retries=0,
    )
told = [str(each.message) for each in warned if "stop" in str(each.message)] + [each for each in logged if "stop" in each]
sent = requests[-1]["stop"]
print(f"asked for {len(ASKED)}: {ASKED} | sent {len(sent)}: {sent} | warnings: {len(told)}")
sys.exit(0 if sent == ASKED[:4] and not told else 1)
PYTHON
