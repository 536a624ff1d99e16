use std::sync::Arc;

use super::Scoped;
use crate::secret::Secret;
use crate::store::testing::MemoryRegister;
use crate::store::{Document, Register, Version, register_conforms};

fn scoped(register: &MemoryRegister, scope: &str) -> Arc<dyn Register> {
    Arc::new(Scoped { register: Arc::new(register.clone()), scope: scope.into() })
}

#[tokio::test]
async fn it_is_a_register() {
    let register = MemoryRegister::default();
    register_conforms(|| scoped(&register, "scope")).await;
}

#[tokio::test]
async fn sessions_of_two_scopes_do_not_touch_each_other() {
    let register = MemoryRegister::default();
    let document = Document { text: Secret::new("record".into()), version: Version::random() };
    let one = scoped(&register, "one");
    assert!(one.compare_and_set("session", None, &document).await.unwrap());
    assert_eq!(scoped(&register, "one").read("session").await.unwrap(), Some(document));
    assert_eq!(scoped(&register, "another").read("session").await.unwrap(), None);
    assert_eq!(register.read("session").await.unwrap(), None);
}

#[tokio::test]
async fn it_does_whatever_else_the_store_can_do() {
    let register = MemoryRegister::default();
    register.is_passed_on_by(&*scoped(&register, "scope")).await;
}
