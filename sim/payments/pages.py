"""What members and testers see. Each page is marked 模擬決済; what is typed in a card's fields is never shown again."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from urllib.parse import urlsplit

from sim.payments.cards import NUMBERS, Behaviour, CardRefused, typed
from sim.payments.control import COUNTERS, SWITCHES, Control
from sim.payments.notices import Notices
from sim.payments.service import Refused, Service, asks_at_page
from sim.payments.store import Payment, Visit
from sim.payments.web import Request, Response, Routes, see_other

_JAPAN = timezone(timedelta(hours=9))
_MOST_ROWS = 200

Said = Callable[[str, str], str]
"""Of Japanese and English, the reader's."""

_STATES = {
    "paid": ("支払済", "paid"),
    "declined": ("拒否", "declined"),
    "needs-member": ("本人認証待ち", "waits for its member"),
    "processing": ("処理中", "processing"),
    "abandoned": ("取消", "abandoned"),
}
_WISHES = {
    "lose_answers": ("次の請求の返答を失う（回数）", "Lose the answers of so many charges"),
    "busy": ("次の要求に 503 を返す（回数）", "Answer so many requests with 503"),
    "hold_notices": ("通知を止める", "Hold notices"),
    "double_notices": ("通知を二度送る", "Send each notice twice"),
    "shuffle_notices": ("通知を逆順に送る", "Send notices the wrong way round"),
}
_WRONG = {
    "not-a-test-number": (
        "この番号は試験番号ではありません。本物のカード番号は絶対に入力しないでください。下の試験番号をお使いください。",
        "That is not one of the test numbers. Never type a real card's number here: use a test number below.",
    ),
    "expiry": (
        "有効期限を 月/年 (例 12/34) で、今月以降にしてください。",
        "Expiry: month/year, such as 12/34, not past.",
    ),
    "security-code": ("セキュリティコードは3桁か4桁の数字です。", "The security code is three or four digits."),
    "declined": (
        "このカードは使えませんでした。別のカードをお試しください。",
        "The card was declined. Please try another.",
    ),
}
_GONE = ("このページの期限が切れたか、手続きが済んでいます。", "This page has expired, or has done what it was for.")

_WHO = (
    "カード会社が本人確認を求めています（3-D セキュアの模擬）。",
    "The issuer asks who you are (3-D Secure, simulated).",
)


def reader_of(request: Request) -> Said:
    """Which language the reader wants: `?lang=`, else the browser's first, else Japanese."""
    wanted = request.query.get("lang") or request.headers.get("accept-language", "")
    in_english = wanted[:2].lower() == "en"
    return lambda ja, en: en if in_english else ja


def page(said: Said, title: str, content: str, *, status: int = 200, back_to: str = "") -> Response:
    """A whole page. `back_to`: an address that its form may lead to besides our own."""
    language, other = said("ja", "en"), said("en", "ja")
    html = f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(title)} · 模擬決済</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<header>
<p class="mark">模擬決済</p>
<p>{said("本物の決済サービスではありません。お金は動きません。", "Not a real payment service. No money moves.")}
<a href="?lang={other}" lang="{other}">{said("English", "日本語")}</a></p>
</header>
<main>
<h1>{escape(title)}</h1>
{content}
</main>
</body>
</html>
"""
    parts = urlsplit(back_to)
    origin = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    policy = (
        f"default-src 'none'; style-src 'self'; form-action 'self'{origin}; frame-ancestors 'none'; base-uri 'none'"
    )
    headers = (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", policy),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
    )
    return Response(status, html.encode(), headers)


class Pages:
    """The hosted pages (/pay, /prove, /who) and the tester's (/, /payments, /control)."""

    def __init__(self, service: Service, control: Control, notices: Notices) -> None:
        """What they show."""
        self._service, self._control, self._notices = service, control, notices

    def routes(self) -> Routes:
        """Which page is where."""
        routes = Routes()
        routes.add("GET", "/pay/{}", self._pay)
        routes.add("POST", "/pay/{}", self._pay_typed)
        routes.add("GET", "/who/{}", self._who)
        routes.add("POST", "/who/{}", self._who_said)
        routes.add("GET", "/prove/{}", self._prove)
        routes.add("POST", "/prove/{}", self._prove_said)
        routes.add("GET", "/", self._dashboard)
        routes.add("GET", "/payments/{}", self._one)
        routes.add("POST", "/payments/{}/refund", self._refund)
        routes.add("GET", "/control", self._controls)
        routes.add("POST", "/control", self._wished)
        routes.add("POST", "/control/again/{}", self._again)
        return routes

    def _pay(self, request: Request, name: str) -> Response:
        visit = self._service.visit(name)
        return _pay_page(reader_of(request), visit) if visit.state == "open" else _gone(reader_of(request))

    def _pay_typed(self, request: Request, name: str) -> Response:
        said, visit, fields = reader_of(request), self._service.visit(name), request.form()
        if visit.state != "open":
            return _gone(said)
        if "cancel" in fields:
            return see_other(visit.cancel_url)
        today = datetime.fromtimestamp(self._service.now_s(), _JAPAN).date()
        try:
            number = typed(fields.get("number", ""), fields.get("expiry", ""), fields.get("code", ""), today)
        except CardRefused as refused:
            return _pay_page(said, visit, refused.code)
        if number.behaviour is Behaviour.DECLINED_AT_PAGE:
            return _pay_page(said, visit, "declined")
        card = self._service.typed(name, number)
        if asks_at_page(card):
            return see_other(f"/who/{name}?lang={said('ja', 'en')}")
        return self._finished(said, name)

    def _finished(self, said: Said, name: str) -> Response:
        done = self._service.finish(name)
        if isinstance(done, Payment):
            return _pay_page(said, self._service.visit(name), "declined")
        return see_other(done.return_url)

    def _who(self, request: Request, name: str) -> Response:
        visit = self._service.visit(name)
        if visit.state != "open" or not visit.token:
            return _gone(reader_of(request))
        return _who_page(reader_of(request), self._service.card(visit.token).last4, visit.yen, visit.return_url)

    def _who_said(self, request: Request, name: str) -> Response:
        said, visit = reader_of(request), self._service.visit(name)
        if visit.state != "open" or not visit.token:
            return _gone(said)
        return self._finished(said, name) if "yes" in request.form() else _pay_page(said, visit, "declined")

    def _prove(self, request: Request, name: str) -> Response:
        payment = self._service.payment(name)
        if payment.state != "needs-member":
            return _gone(reader_of(request))
        last4 = self._service.card(payment.token).last4
        return _who_page(reader_of(request), last4, payment.yen, payment.return_url)

    def _prove_said(self, request: Request, name: str) -> Response:
        try:
            return see_other(self._service.proved(name, is_them="yes" in request.form()).return_url)
        except Refused:
            return _gone(reader_of(request))

    def _dashboard(self, request: Request) -> Response:
        said = reader_of(request)
        rows = self._service.store.rows("SELECT * FROM payments ORDER BY rowid DESC LIMIT ?", _MOST_ROWS)
        return _dashboard(said, [self._service.payment(row[0]) for row in rows])

    def _one(self, request: Request, name: str) -> Response:
        return _one_page(reader_of(request), self._service, self._notices, self._service.payment(name))

    def _refund(self, request: Request, name: str) -> Response:
        payment = self._service.payment(name)
        self._service.refund(f"by-hand/{name}/{payment.refunded_yen}", name, payment.yen - payment.refunded_yen)
        return see_other(f"/payments/{name}")

    def _controls(self, request: Request) -> Response:
        return _control_page(reader_of(request), self._control, self._notices)

    def _wished(self, request: Request) -> Response:
        fields = request.form()
        for name in COUNTERS + SWITCHES:
            value = fields.get(name, "0") or "0"
            if not value.isascii() or not value.isdecimal() or len(value) > 4:
                raise Refused("bad-control")
            self._control.put(name, int(value))
        if "process" in fields:
            self._service.process()
        if "forget" in fields:
            self._service.forget_keys()
        return see_other("/control")

    def _again(self, _request: Request, name: str) -> Response:
        self._notices.deliver(name)
        return see_other("/control")


def _pay_page(said: Said, visit: Visit, wrong: str = "") -> Response:
    is_setup = visit.mode == "setup"
    title = said("カードの登録", "Register a card") if is_setup else said("お支払い", "Pay")
    due = (
        "" if is_setup else f'<p class="due">{escape(visit.text)}<strong>{visit.yen:,}{said("円", " yen")}</strong></p>'
    )
    told = f'<p class="wrong" role="alert" id="wrong">{said(*_WRONG[wrong])}</p>' if wrong else ""
    described = ' aria-describedby="wrong"' if wrong else ""
    numbers = "".join(
        f"<tr><td><code>{_spaced(card.number)}</code> {card.brand}</td><td>{said(card.ja, card.en)}</td></tr>"
        for card in NUMBERS
    )
    content = f"""{due}{told}
<form method="post" action="?lang={said("ja", "en")}" autocomplete="off">
<label for="number">{said("カード番号（試験番号だけ）", "Card number (a test number)")}</label>
<input id="number" name="number" inputmode="numeric" autocomplete="off" maxlength="40" required{described}>
<div class="pair">
<div><label for="expiry">{said("有効期限 月/年", "Expiry, month/year")}</label>
<input id="expiry" name="expiry" placeholder="12/34" autocomplete="off" maxlength="9" required></div>
<div><label for="code">{said("セキュリティコード", "Security code")}</label>
<input id="code" name="code" inputmode="numeric" placeholder="123" autocomplete="off" maxlength="4" required></div>
</div>
<button>{said("登録する", "Register") if is_setup else said("支払う", "Pay")}</button>
<button class="plain" name="cancel" value="1" formnovalidate>{said("やめる", "Cancel")}</button>
</form>
<h2>{said("試験番号", "Test numbers")}</h2>
<p>{said("期限は将来の月、コードは任意の3桁です。", "Any month to come, any three digits.")}</p>
<div class="wide"><table><thead><tr><th>{said("番号", "Number")}</th>
<th>{said("どうなるか", "What it does")}</th></tr></thead><tbody>{numbers}</tbody></table></div>"""
    return page(said, title, content, status=422 if wrong else 200, back_to=visit.return_url)


def _who_page(said: Said, last4: str, yen: int, return_url: str) -> Response:
    amount = f"<strong>{yen:,}{said('円', ' yen')}</strong>" if yen else ""
    content = f"""<p class="due">{said("カード", "Card")} •••• {escape(last4)} {amount}</p>
<p>{said(*_WHO)}</p>
<form method="post" action="?lang={said("ja", "en")}">
<button name="yes" value="1">{said("認証する", "It is me")}</button>
<button class="plain" name="no" value="1">{said("認証しない", "It is not")}</button>
</form>"""
    return page(said, said("本人認証", "Who are you?"), content, back_to=return_url)


def _dashboard(said: Said, payments: list[Payment]) -> Response:
    rows = (
        (
            f'<a href="/payments/{payment.id}">{_at(payment.made_at_s)}</a>',
            f"{payment.yen:,}",
            _state(said, payment),
            escape(payment.text),
            f"<code>{escape(payment.reference)}</code>",
        )
        for payment in payments
    )
    heads = (said("日時", "When"), said("円", "Yen"), said("状態", "State"), said("内容", "What"), said("キー", "Key"))
    none = f"<p>{said('まだありません。', 'None yet.')}</p>"
    content = f"""<nav><a href="/control">{said("試験の操作", "Test control")}</a></nav>
{_table(heads, rows) if payments else none}"""
    return page(said, said("支払いの一覧", "Payments"), content)


def _one_page(said: Said, service: Service, notices: Notices, payment: Payment) -> Response:
    card = service.card(payment.token)
    facts = (
        (said("状態", "State"), _state(said, payment)),
        (said("金額", "Amount"), f"{payment.yen:,}{said('円', ' yen')}"),
        (said("返金済", "Refunded"), f"{payment.refunded_yen:,}{said('円', ' yen')}"),
        (said("カード", "Card"), f"{escape(card.brand)} •••• {escape(card.last4)}"),
        (said("キー", "Key"), f"<code>{escape(payment.reference)}</code>"),
        (said("日時", "When"), _at(payment.made_at_s)),
    )
    told = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts)
    can = payment.state == "paid" and payment.refunded_yen < payment.yen
    label = said("全額返金", "Refund")
    button = f'<form method="post" action="/payments/{payment.id}/refund"><button>{label}</button></form>'
    content = f"""<nav><a href="/">{said("一覧へ", "All payments")}</a></nav>
<dl>{told}</dl>{button if can else ""}
<h2>{said("通知", "Notices")}</h2>{_events(said, notices, payment.id)}"""
    return page(said, said("支払い", "Payment"), content)


def _control_page(said: Said, control: Control, notices: Notices) -> Response:
    def field(name: str) -> str:
        value = control.get(name)
        if name in SWITCHES:
            on = " checked" if value else ""
            box = f'<input type="checkbox" id="{name}" name="{name}" value="1"{on}>'
            return f'<p class="check">{box} <label for="{name}">{said(*_WISHES[name])}</label></p>'
        number = f'<input id="{name}" name="{name}" inputmode="numeric" maxlength="4" value="{value}">'
        return f'<label for="{name}">{said(*_WISHES[name])}</label>{number}'

    content = f"""<nav><a href="/">{said("支払いの一覧", "Payments")}</a></nav>
<form method="post" action="/control">{"".join(map(field, SWITCHES + COUNTERS))}
<button>{said("この通りにする", "Do so")}</button>
<button class="plain" name="process" value="1">{said("処理中を今すぐ終える", "End all that is processing")}</button>
<button class="plain" name="forget" value="1">{said("キーを忘れる（一日後）", "Forget keys (a day later)")}</button>
</form>
<h2>{said("通知", "Notices")}</h2>{_events(said, notices, "")}"""
    return page(said, said("試験の操作", "Test control"), content)


def _events(said: Said, notices: Notices, subject: str) -> str:
    heads = (said("日時", "When"), said("種類", "Kind"), said("回数", "Sent"), said("返答", "Answer"), "")
    again = said("もう一度送る", "Send again")
    rows = [
        (
            _at(event.made_at_s),
            f"<code>{escape(event.kind)}</code>",
            str(event.tries),
            str(event.last_status or "—"),
            f'<form method="post" action="/control/again/{event.id}"><button class="small">{again}</button></form>',
        )
        for event in notices.events(subject)[:_MOST_ROWS]
    ]
    return _table(heads, rows) if rows else f"<p>{said('まだありません。', 'None yet.')}</p>"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _state(said: Said, payment: Payment) -> str:
    code = f" ({escape(payment.code)})" if payment.code else ""
    return f'<span class="state {payment.state}">{said(*_STATES[payment.state])}{code}</span>'


def _gone(said: Said) -> Response:
    return page(said, said("終わりました", "Over"), f"<p>{said(*_GONE)}</p>", status=410)


def _at(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).astimezone(_JAPAN).strftime("%Y/%m/%d %H:%M:%S")


def _spaced(number: str) -> str:
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))
