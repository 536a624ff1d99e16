# django-oauth-toolkit in one process: `python django.py '{"GRACE": 0, "PROTECTION": true}'`. Prints {"port": n} when it serves, and ends
# when its standard input does. POST /login gives the tokens of a new login, because a browser is not under test.

import json
import os
import sys
import tempfile
import threading
import uuid
from datetime import timedelta
from wsgiref.simple_server import WSGIRequestHandler, make_server

SETTING = json.loads(sys.argv[1])
CLIENT = {"id": "app", "secret": sys.argv[2]}
LIFE_S = 3600
FOLDER = tempfile.TemporaryDirectory()

from django.conf import settings  # noqa: E402

settings.configure(
    SECRET_KEY=uuid.uuid4().hex,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{FOLDER.name}/db"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    OAUTH2_PROVIDER={
        "ACCESS_TOKEN_EXPIRE_SECONDS": LIFE_S,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": SETTING["GRACE"],
        "REFRESH_TOKEN_REUSE_PROTECTION": SETTING["PROTECTION"],
    },
)

import django  # noqa: E402

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from oauth2_provider.models import AccessToken, Application, RefreshToken  # noqa: E402


@csrf_exempt
def login(_request):
    user = User.objects.get(username="ada")
    application = Application.objects.get(client_id=CLIENT["id"])
    common = {"user": user, "application": application}
    expires = timezone.now() + timedelta(seconds=LIFE_S)
    access = AccessToken.objects.create(token=uuid.uuid4().hex, expires=expires, scope="read", **common)
    refresh = RefreshToken.objects.create(
        token=uuid.uuid4().hex, access_token=access, token_family=uuid.uuid4(), **common
    )
    return JsonResponse({"accessToken": access.token, "refreshToken": refresh.token})


urlpatterns = [path("login", login), path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        pass


def end_with_parent():
    sys.stdin.read()
    FOLDER.cleanup()
    os._exit(0)


def main():
    call_command("migrate", verbosity=0)
    Application.objects.create(
        client_id=CLIENT["id"],
        client_secret=CLIENT["secret"],
        # A hash of it costs a third of a second at each token request.
        hash_client_secret=False,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris="http://127.0.0.1/callback",
        user=User.objects.create_user("ada"),
    )
    threading.Thread(target=end_with_parent, daemon=True).start()
    with make_server("127.0.0.1", 0, WSGIHandler(), handler_class=Quiet) as server:
        print(json.dumps({"port": server.server_port}), flush=True)
        server.serve_forever()


main()
