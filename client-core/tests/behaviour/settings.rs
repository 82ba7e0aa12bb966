//! URLs, credentials and names.

use lightning_store_client::Client;
use lightning_store_client::transport::fake::{Answer, Fake};

use crate::client;

async fn asked(fake: &Fake, client: Client<Fake>) -> (String, Option<String>) {
    fake.answer([Answer::json(200, "null")]);
    client.get_latest_resources().await.unwrap();
    let (_, request) = fake.requests().pop().unwrap();
    let authorization = request.header("authorization").map(str::to_owned);
    (request.url, authorization)
}

pub(crate) async fn urls_may_have_paths_and_slashes(fake: Fake) {
    for url in ["http://h:1/x/y", "http://h:1/x/y/", "HTTP://h:1/x/y//"] {
        let client = Client::builder(url).build(fake.clone()).unwrap();
        assert_eq!(client.url(), "http://h:1/x/y");
        assert_eq!(asked(&fake, client).await, ("http://h:1/x/y/v1/agl/resources/latest".to_owned(), None));
    }
}

pub(crate) async fn credentials_in_the_url_become_basic(fake: Fake) {
    let client = Client::builder("http://user:s%65cret@h:1/").build(fake.clone()).unwrap();
    let (url, authorization) = asked(&fake, client).await;
    assert_eq!(url, "http://h:1/v1/agl/resources/latest");
    assert_eq!(authorization.as_deref(), Some("Basic dXNlcjpzZWNyZXQ="));
}

pub(crate) async fn a_token_becomes_a_bearer(fake: Fake) {
    let client = Client::builder("http://h:1").token("s3cret").build(fake.clone()).unwrap();
    assert_eq!(asked(&fake, client).await.1.as_deref(), Some("Bearer s3cret"));
}

pub(crate) async fn credentials_are_never_shown(fake: Fake) {
    let builders =
        [Client::builder("http://user:s3cret@h:1"), Client::builder("http://h:1").token("s3cret"), Client::builder("s3cret")];
    for builder in builders {
        let mut shown = vec![format!("{builder:?}")];
        match builder.build(fake.clone()) {
            Ok(client) => {
                fake.answer([Answer::broken(), Answer::broken()]);
                fake.answer_health((0..4).map(|_| Answer::broken()));
                shown.push(format!("{client:?} {}", client.url()));
                let error = client.get_latest_resources().await.unwrap_err();
                shown.push(format!("{error:?} {error}"));
                fake.answer_health((0..4).map(|_| Answer::broken()));
                let error = client.enqueue(&[]).await.unwrap_err();
                shown.push(format!("{error:?} {error}"));
            }
            Err(error) => shown.push(format!("{error:?} {error}")),
        }
        let requests = fake.requests();
        shown.push(format!("{requests:?} {fake:?}"));
        let shown = shown.join("\n");
        assert!(!shown.contains("s3cret") && !shown.contains("czNjcmV0"), "{shown}");
    }
}

pub(crate) async fn settings_that_contradict_each_other_are_refused(fake: Fake) {
    let both = Client::builder("http://user:a@h").token("b").build(fake.clone()).unwrap_err();
    assert_eq!(both.kind(), "invalid");
    for token in ["", "a b", "a\n"] {
        assert_eq!(Client::builder("http://h").token(token).build(fake.clone()).unwrap_err().kind(), "invalid");
    }
    assert_eq!(Client::builder("http://h").user_agent("a\nb").build(fake).unwrap_err().kind(), "invalid");
}

pub(crate) async fn the_client_says_who_it_is(fake: Fake) {
    fake.answer([Answer::json(200, "null"), Answer::json(200, "null")]);
    client(&fake).get_latest_resources().await.unwrap();
    let other = Client::builder("http://h").user_agent("trainer/2").build(fake.clone()).unwrap();
    other.get_latest_resources().await.unwrap();
    let requests = fake.requests();
    let names = requests.iter().map(|(_, request)| request.header("user-agent").unwrap());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [concat!("lightning-store-client/", env!("CARGO_PKG_VERSION")), "trainer/2"]
    );
}
