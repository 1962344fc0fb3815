//! The enrollment of a node on a real database file, with the clock in the test's hand.

use super::super::tests::{Fixture, PUBLIC_URL, new_node};
use super::*;
use crate::protocol::Namespace;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_767_225_600_000).plus_secs(secs)
}

async fn issued(fixture: &Fixture, id: i64, secs: i64) -> String {
    let issued = fixture.nodes.issue_token(id, false, at(secs)).await.expect("token");
    issued.token.expose_secret().to_owned()
}

async fn refusal(fixture: &Fixture, token: &str, secs: i64) -> String {
    fixture.nodes.redeem(token, at(secs)).await.expect_err("refused").to_string()
}

async fn status(fixture: &Fixture, id: i64, secs: i64) -> EnrollmentStatus {
    fixture.nodes.get(id).await.expect("node").enrollment_status(at(secs))
}

#[tokio::test]
async fn a_token_is_redeemed_with_the_same_result_until_it_is_acknowledged() {
    let fixture = Fixture::with_public_url().await;
    let node = fixture.nodes.create(new_node("Edge")).await.expect("node");
    assert_eq!(status(&fixture, node.id, 0).await, EnrollmentStatus::NotStarted);
    let token = issued(&fixture, node.id, 0).await;
    assert_eq!(status(&fixture, node.id, 1).await, EnrollmentStatus::Pending);
    let first = fixture.nodes.redeem(&format!(" {token}\n"), at(1)).await.expect("first");
    let second = fixture.nodes.redeem(&token, at(2)).await.expect("second");
    for redeemed in [&first, &second] {
        assert_eq!(redeemed.node.id, node.id);
        assert_eq!(redeemed.master_url.as_str(), PUBLIC_URL);
        assert!(redeemed.access_key.starts_with("rn_") && redeemed.access_key.len() == 35);
        assert_eq!(redeemed.secret_key.expose_secret().len(), 4 + 64);
        assert!(Namespace::parse(&redeemed.node.namespace).is_ok());
    }
    assert_eq!(first.secret_key.expose_secret(), second.secret_key.expose_secret());
    assert_eq!(first.ack_token.expose_secret(), second.ack_token.expose_secret());
    assert_eq!(status(&fixture, node.id, 3).await, EnrollmentStatus::Redeemed);

    let ack = first.ack_token.expose_secret();
    // Expiry is not checked any more: the keys are handed out already.
    fixture
        .nodes
        .acknowledge(&format!(" {} ", ack.to_uppercase().replace("ENR_ACK_", "enr_ack_")), at(9999))
        .await
        .expect("ack");
    fixture.nodes.acknowledge(ack, at(9999)).await.expect("again");
    assert_eq!(status(&fixture, node.id, 99_999).await, EnrollmentStatus::Completed);
    assert_eq!(refusal(&fixture, &token, 4).await, "enrollment token has already been completed");
    let again = fixture.nodes.issue_token(node.id, false, at(5)).await.expect_err("no second enrollment");
    assert!(matches!(again, EnrollmentError::AlreadyEnrolled(_)));
}

#[tokio::test]
async fn a_declared_token_does_not_expire_before_its_first_use_and_then_like_any_other() {
    let fixture = Fixture::with_public_url().await;
    let token: SecretString = "declared_by_an_operator-0123456789".to_owned().into();
    let declare = async |name: &str| {
        let mut tx = fixture.db.begin().await.expect("tx");
        let checked = new_node(name).check().expect("node");
        let made = fixture.nodes.create_with_token_in(&mut tx, checked, &token, at(0)).await;
        tx.commit().await.expect("commit");
        made
    };
    let id = declare("Edge").await.expect("node");
    assert!(matches!(declare("Other").await, Err(EnrollmentError::TokenTaken)), "and no node is left");
    assert_eq!(fixture.nodes.list(Default::default(), Default::default(), 9, 0).await.expect("list").1, 1);
    let (year, minute) = (365 * 86_400, 60);
    assert_eq!(status(&fixture, id, year).await, EnrollmentStatus::Pending);
    let redeemed = fixture.nodes.redeem(token.expose_secret(), at(year)).await.expect("first use");
    assert_eq!(redeemed.node.id, id);
    fixture.nodes.redeem(token.expose_secret(), at(year + 29 * minute)).await.expect("may be repeated");
    let late = refusal(&fixture, token.expose_secret(), year + 31 * minute).await;
    assert_eq!(late, "enrollment token has expired");
    fixture.nodes.acknowledge(redeemed.ack_token.expose_secret(), at(year)).await.expect("ack");
    let again = refusal(&fixture, token.expose_secret(), year).await;
    assert_eq!(again, "enrollment token has already been completed");
}

#[tokio::test]
async fn a_new_token_replaces_the_one_before_even_when_that_was_redeemed() {
    let fixture = Fixture::with_public_url().await;
    let id = fixture.nodes.create(new_node("Edge")).await.expect("node").id;
    let old = issued(&fixture, id, 0).await;
    let old_ack = fixture.nodes.redeem(&old, at(1)).await.expect("redeemed").ack_token;
    let new = issued(&fixture, id, 2).await;
    // Replaced is said before expired.
    assert_eq!(
        refusal(&fixture, &old, 99_999).await,
        "enrollment token has been replaced by a newer session"
    );
    let ack = fixture.nodes.acknowledge(old_ack.expose_secret(), at(3)).await.expect_err("replaced");
    assert!(matches!(ack, EnrollmentError::Replaced));
    assert_eq!(status(&fixture, id, 4).await, EnrollmentStatus::Pending);
    fixture.nodes.redeem(&new, at(4)).await.expect("the new one works");
}

#[tokio::test]
async fn a_token_expires_after_thirty_minutes() {
    let fixture = Fixture::with_public_url().await;
    let id = fixture.nodes.create(new_node("Edge")).await.expect("node").id;
    let token = issued(&fixture, id, 0).await;
    fixture.nodes.redeem(&token, at(1799)).await.expect("in time");
    assert_eq!(refusal(&fixture, &token, 1800).await, "enrollment token has expired");
    assert_eq!(status(&fixture, id, 1800).await, EnrollmentStatus::Expired);
}

#[tokio::test]
async fn unknown_blank_and_premature_texts_are_refused() {
    let fixture = Fixture::with_public_url().await;
    let id = fixture.nodes.create(new_node("Edge")).await.expect("node").id;
    let nodes = &fixture.nodes;
    assert!(matches!(nodes.redeem("  ", at(0)).await, Err(EnrollmentError::Blank(_))));
    assert!(matches!(nodes.redeem("enr_0", at(0)).await, Err(EnrollmentError::Unknown(_))));
    assert!(matches!(nodes.acknowledge("", at(0)).await, Err(EnrollmentError::Blank(_))));
    assert!(matches!(nodes.acknowledge("enr_ack_0", at(0)).await, Err(EnrollmentError::Unknown(_))));
    issued(&fixture, id, 0).await;
    let ack_hash = fixture.text("SELECT ack_hash AS value FROM enrollments").await;
    let wire = AckToken::from_stored_hash(ack_hash).to_wire();
    let early = nodes.acknowledge(wire.expose_secret(), at(1)).await;
    assert!(matches!(early, Err(EnrollmentError::NotRedeemed)));
    assert_eq!(status(&fixture, id, 2).await, EnrollmentStatus::Pending);
}

#[tokio::test]
async fn without_a_public_address_nothing_is_issued_and_no_redeem_is_recorded() {
    let fixture = Fixture::new().await;
    let id = fixture.nodes.create(new_node("Edge")).await.expect("node").id;
    let refused = fixture.nodes.issue_token(id, false, at(0)).await.expect_err("refused");
    assert!(refused.to_string().contains("public_site_url"), "{refused}");

    fixture.set_public_url().await;
    let token = issued(&fixture, id, 0).await;
    fixture.settings.reset("public_site_url").await.expect("reset");
    assert!(matches!(fixture.nodes.redeem(&token, at(1)).await, Err(EnrollmentError::NoPublicSiteUrl)));
    assert_eq!(status(&fixture, id, 2).await, EnrollmentStatus::Pending);
}

#[tokio::test]
async fn neither_tokens_nor_the_secret_stand_in_the_database() {
    let fixture = Fixture::with_public_url().await;
    let id = fixture.nodes.create(new_node("Edge")).await.expect("node").id;
    let token = issued(&fixture, id, 0).await;
    let redeemed = fixture.nodes.redeem(&token, at(1)).await.expect("redeemed");
    assert_eq!(fixture.text("SELECT token_hash AS value FROM enrollments").await, sha256_hex(&token));
    let sealed = fixture.text("SELECT secret_key_sealed AS value FROM nodes").await;
    assert!(!sealed.is_empty());
    let shown = format!("{redeemed:?}");
    assert!(!shown.contains(redeemed.secret_key.expose_secret()), "{shown}");
}
