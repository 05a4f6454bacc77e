//! Whether a caller may read a log: the apiserver is asked, as every API server beside it does.

use azureml_spark_api::logs::{GROUP, RESOURCE, SUBRESOURCE, VERSION};
use azureml_spark_engine::{Error, deadline};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;

use super::answer::Refusal;
use super::caller::Caller;

/// One `SubjectAccessReview`.
pub(super) async fn review(
    kube: &kube::Client,
    caller: &Caller,
    namespace: &str,
    name: &str,
) -> Result<(), Refusal> {
    let reviews: Api<SubjectAccessReview> = Api::all(kube.clone());
    let question = question(caller, namespace, name);
    let parameters = PostParams::default();
    let asked = deadline::within("review", reviews.create(&parameters, &question)).await;
    let answer = asked.and_then(|answer| answer.map_err(Error::from));
    let answer = answer.map_err(|error| {
        tracing::warn!(%error, "the apiserver was not able to say who may read a log");
        Refusal::unavailable("the apiserver did not say whether you may read this log")
    })?;
    if answer.status.is_some_and(|status| status.allowed) {
        return Ok(());
    }
    Err(Refusal::forbidden(format!(
        "{RESOURCE}.{GROUP} \"{name}\" is forbidden: User \"{}\" cannot get resource \
         \"{RESOURCE}/{SUBRESOURCE}\" in API group \"{GROUP}\" in the namespace \"{namespace}\"",
        caller.user
    )))
}

fn question(caller: &Caller, namespace: &str, name: &str) -> SubjectAccessReview {
    let attributes = ResourceAttributes {
        namespace: Some(namespace.to_owned()),
        verb: Some("get".to_owned()),
        group: Some(GROUP.to_owned()),
        version: Some(VERSION.to_owned()),
        resource: Some(RESOURCE.to_owned()),
        subresource: Some(SUBRESOURCE.to_owned()),
        name: Some(name.to_owned()),
        ..ResourceAttributes::default()
    };
    SubjectAccessReview {
        spec: SubjectAccessReviewSpec {
            user: Some(caller.user.clone()),
            uid: caller.uid.clone(),
            groups: Some(caller.groups.clone()),
            extra: Some(caller.extra.clone()),
            resource_attributes: Some(attributes),
            ..SubjectAccessReviewSpec::default()
        },
        ..SubjectAccessReview::default()
    }
}
