# canaille in one process, with its backend in memory: `python server.py SECRET`. Prints {"port": n} when it serves, and ends when its
# standard input does. /conformance-login gives the tokens of a new login, because a browser is not under test.

import datetime
import json
import os
import sys
import threading
import uuid
from wsgiref.simple_server import WSGIRequestHandler, make_server

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey

CLIENT = {"id": "app", "secret": sys.argv[1]}
LIFE_S = 3600


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        pass


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def set_up():
    user = models.User(user_name="ada", formatted_name="Ada", family_name="A", emails=["ada@example.com"])
    client = models.Client(
        client_id=CLIENT["id"],
        client_secret=CLIENT["secret"],
        client_id_issued_at=now(),
        client_name="app",
        redirect_uris=["https://app.example/callback"],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        token_endpoint_auth_method="client_secret_basic",
        scope=["openid", "profile"],
    )
    for model in (user, client):
        Backend.instance.save(model)


def login():
    client = Backend.instance.get(models.Client, client_id=CLIENT["id"])
    token = models.Token(
        token_id=uuid.uuid4().hex,
        access_token=uuid.uuid4().hex,
        refresh_token=uuid.uuid4().hex,
        client=client,
        subject=Backend.instance.get(models.User, user_name="ada"),
        type="Bearer",
        scope=["openid", "profile"],
        issue_date=now(),
        lifetime=LIFE_S,
        audience=[client],
    )
    Backend.instance.save(token)
    return {"accessToken": token.access_token, "refreshToken": token.refresh_token}


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


def main():
    app = create_app(
        {
            "SECRET_KEY": uuid.uuid4().hex,
            "CANAILLE": {"DATABASE": "memory", "LOGGING": {"version": 1, "disable_existing_loggers": True}},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [RSAKey.generate_key(2048).as_dict(private=True)]},
        }
    )
    app.add_url_rule("/conformance-login", view_func=login)
    with app.app_context(), Backend.instance.session():
        set_up()
    threading.Thread(target=end_with_parent, daemon=True).start()
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        print(json.dumps({"port": server.server_port}), flush=True)
        server.serve_forever()


main()
