"""Every page: terms, legal notice, privacy and contact (PRT-7), both languages, nothing inline (CSP)."""

import re

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
OPEN_PAGES = ["/", "/terms", "/legal", "/privacy", "/contact"]


@pytest.mark.parametrize("page", OPEN_PAGES)
def test_prt_7_every_page_leads_to_terms_legal_notice_privacy_and_contact(client: Client, page: str) -> None:
    shown = client.get(page).content.decode()
    for there in ("/terms", "/legal", "/privacy", "/contact"):
        assert f'href="{there}"' in shown


def test_prt_7_a_page_that_is_not_there_has_our_own_face(client: Client) -> None:
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "ページが見つかりません" in answer.content.decode()


def test_prt_7_the_language_is_switched_and_kept(client: Client) -> None:
    assert "Terms of use" not in client.get("/terms").content.decode()
    assert client.post("/language", {"language": "en", "next": "/terms"}).headers["Location"] == "/terms"
    shown = client.get("/terms").content.decode()
    assert "Terms of use" in shown
    assert '<html lang="en">' in shown


@pytest.mark.parametrize("page", OPEN_PAGES)
def test_no_page_has_script_or_style_of_its_own(client: Client, page: str) -> None:
    shown = client.get(page).content.decode()
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", shown)
