use zygos_storage::{Lease, Repository};

use crate::support::{at, micros_after};

crate::behaviours![
    a_lease_is_renewed_by_its_owner,
    a_lease_is_taken_over_only_when_it_has_run_out,
    a_lease_given_back_is_free,
    only_its_owner_gives_a_lease_back,
];

fn lease(owner: &str, seconds: i64) -> Lease {
    Lease { credential: "key".to_owned(), owner: owner.to_owned(), until: at(seconds) }
}

async fn a_lease_is_renewed_by_its_owner(repository: &dyn Repository) {
    assert_eq!(repository.lease("key", "one", at(0), at(30)).await.unwrap(), lease("one", 30));
    assert_eq!(repository.lease("key", "one", at(20), at(50)).await.unwrap(), lease("one", 50));
    let elsewhere = repository.lease("another key", "two", at(20), at(50)).await.unwrap();
    assert_eq!(elsewhere.owner, "two");
}

async fn a_lease_is_taken_over_only_when_it_has_run_out(repository: &dyn Repository) {
    repository.lease("key", "one", at(0), at(30)).await.unwrap();
    let early = repository.lease("key", "two", micros_after(at(30), -1), at(90)).await.unwrap();
    assert_eq!(early, lease("one", 30));
    assert_eq!(repository.lease("key", "two", at(30), at(90)).await.unwrap(), lease("two", 90));
    assert_eq!(repository.lease("key", "one", at(31), at(91)).await.unwrap(), lease("two", 90));
}

async fn a_lease_given_back_is_free(repository: &dyn Repository) {
    repository.lease("key", "one", at(0), at(30)).await.unwrap();
    repository.release_lease("key", "one").await.unwrap();
    assert_eq!(repository.lease("key", "two", at(1), at(31)).await.unwrap(), lease("two", 31));
}

async fn only_its_owner_gives_a_lease_back(repository: &dyn Repository) {
    repository.lease("key", "one", at(0), at(30)).await.unwrap();
    repository.release_lease("key", "two").await.unwrap();
    repository.release_lease("nobody's", "two").await.unwrap();
    assert_eq!(repository.lease("key", "two", at(1), at(31)).await.unwrap(), lease("one", 30));
}
