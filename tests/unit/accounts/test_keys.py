from farm.accounts.keys import KeyText, new_key_text, parse_key_text


def test_a_key_reads_back_as_it_was_written():
    made = new_key_text()

    assert parse_key_text(str(made)) == made


def test_the_secret_has_256_bits_and_two_keys_share_nothing():
    first, second = new_key_text(), new_key_text()

    assert len(first.secret) == 43  # base64url of 32 bytes
    assert first.secret != second.secret
    assert first.prefix != second.prefix


def test_a_repr_does_not_leak_the_secret():
    made = new_key_text()

    assert made.secret not in repr(made)


def test_the_digest_matches_its_own_secret_only():
    made, other = new_key_text(), new_key_text()

    assert made.has_digest(made.secret_sha256)
    assert not made.has_digest(other.secret_sha256)


def test_text_of_another_shape_is_no_key():
    for text in (
        "",
        "fur_",
        "fur_abc_def",
        "sk_000000000000_" + "a" * 43,
        str(new_key_text()) + "a",
    ):
        assert parse_key_text(text) is None


def test_a_known_secret_has_the_published_digest():
    # sha256 of 43 times "a", computed with coreutils: printf 'a%.0s' {1..43} | sha256sum
    text = KeyText(prefix="0" * 12, secret="a" * 43)

    assert text.secret_sha256 == (
        "66d34fba71f8f450f7e45598853e53bfc23bbd129027cbb131a2f4ffd7878cd0"
    )
