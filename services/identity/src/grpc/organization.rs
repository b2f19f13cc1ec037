//! The organization: lists of it, and its import (read in [`super::import`]).

use tonic::Request;
use yimen_kernel::{DivisionCode, Error, Reason, Result};
use yimen_platform::Context;
use yimen_platform::page::Page;
use yimen_platform::rpc::actor::role_to_proto;
use yimen_proto::identity::v1 as proto;

use super::{Answer, Identity, center, import};
use crate::app;
use crate::domain::organization::{Center, Department, FormerDivision, Staff, Window};
use crate::store;

impl Identity {
    pub(super) async fn import(
        &self,
        request: Request<proto::ImportOrganizationRequest>,
    ) -> Answer<proto::ImportOrganizationResponse> {
        self.ctx
            .mutate(request, |tx, caller, message| {
                Box::pin(async move {
                    let saved = app::organization::import(tx, &caller.actor, import::read(message)?).await?;
                    Ok(proto::ImportOrganizationResponse {
                        centers: count(&saved.centers),
                        departments: count(&saved.departments),
                        windows: count(&saved.windows),
                        staff: count(&saved.staff),
                    })
                })
            })
            .await
    }

    pub(super) async fn centers(
        &self,
        request: Request<proto::ListCentersRequest>,
    ) -> Answer<proto::ListCentersResponse> {
        self.ctx
            .query(request, |ctx, _, message: proto::ListCentersRequest| {
                Box::pin(async move {
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    let mut reading = ctx.store.read().await?;
                    let mut centers = store::organization::list_centers(&mut reading, &page).await?;
                    let next_page_token = page.cut(&mut centers, store::organization::center_key);
                    let centers = centers.into_iter().map(center_to_proto).collect();
                    Ok(proto::ListCentersResponse { centers, next_page_token })
                })
            })
            .await
    }

    pub(super) async fn departments(
        &self,
        request: Request<proto::ListDepartmentsRequest>,
    ) -> Answer<proto::ListDepartmentsResponse> {
        self.ctx
            .query(request, |ctx, _, message: proto::ListDepartmentsRequest| {
                Box::pin(async move {
                    let center = center(&message.center)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    known_center(ctx, &center).await?;
                    let mut reading = ctx.store.read().await?;
                    let mut departments =
                        store::organization::list_departments(&mut reading, &center, &page).await?;
                    let next_page_token = page.cut(&mut departments, |department| department.id.to_string());
                    let departments = departments.into_iter().map(department_to_proto).collect();
                    Ok(proto::ListDepartmentsResponse { departments, next_page_token })
                })
            })
            .await
    }

    pub(super) async fn windows(
        &self,
        request: Request<proto::ListWindowsRequest>,
    ) -> Answer<proto::ListWindowsResponse> {
        self.ctx
            .query(request, |ctx, _, message: proto::ListWindowsRequest| {
                Box::pin(async move {
                    let center = center(&message.center)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    known_center(ctx, &center).await?;
                    let mut reading = ctx.store.read().await?;
                    let mut windows = store::organization::list_windows(&mut reading, &center, &page).await?;
                    let next_page_token = page.cut(&mut windows, |window| window.id.to_string());
                    let windows = windows.into_iter().map(window_to_proto).collect();
                    Ok(proto::ListWindowsResponse { windows, next_page_token })
                })
            })
            .await
    }

    pub(super) async fn staff(
        &self,
        request: Request<proto::ListStaffRequest>,
    ) -> Answer<proto::ListStaffResponse> {
        self.ctx
            .query(request, |ctx, caller, message: proto::ListStaffRequest| {
                Box::pin(async move {
                    let center = center(&message.center)?;
                    caller.actor.require_center(&center)?;
                    let page = Page::parse(message.page_size, &message.page_token)?;
                    known_center(ctx, &center).await?;
                    let mut reading = ctx.store.read().await?;
                    let mut staff = store::staff::list(&mut reading, &center, &page).await?;
                    let next_page_token = page.cut(&mut staff, |staff| staff.login.to_string());
                    let staff = staff.into_iter().map(staff_to_proto).collect();
                    Ok(proto::ListStaffResponse { staff, next_page_token })
                })
            })
            .await
    }
}

/// An empty list would hide that the center is not there.
async fn known_center(ctx: &Context, center: &DivisionCode) -> Result<()> {
    let mut reading = ctx.store.read().await?;
    if store::organization::has_center(&mut reading, center).await? {
        return Ok(());
    }
    Err(Error::not_found(Reason::UnknownCenter))
}

fn count<T>(saved: &[T]) -> u32 {
    u32::try_from(saved.len()).unwrap_or(u32::MAX)
}

fn center_to_proto(center: Center) -> proto::Center {
    proto::Center {
        code: center.code.to_string(),
        name_zh: center.name_zh,
        name_en: center.name_en,
        parent: center.parent.map(|code| code.to_string()).unwrap_or_default(),
        address: center.address.unwrap_or_default(),
        telephone: center.telephone.unwrap_or_default(),
        former: center.former.into_iter().map(former_to_proto).collect(),
    }
}

fn former_to_proto(former: FormerDivision) -> proto::FormerDivision {
    proto::FormerDivision {
        code: former.code.to_string(),
        name_zh: former.name_zh,
        valid_from: former.valid_from.map(|day| day.to_string()).unwrap_or_default(),
        valid_until: former.valid_until.to_string(),
    }
}

fn department_to_proto(department: Department) -> proto::Department {
    proto::Department {
        center: department.id.center().to_string(),
        id: department.id.to_string(),
        name_zh: department.name_zh,
        name_en: department.name_en,
        credit_code: department.credit_code.map(|code| code.to_string()).unwrap_or_default(),
        telephone: department.telephone.unwrap_or_default(),
    }
}

fn window_to_proto(window: Window) -> proto::Window {
    proto::Window {
        center: window.id.center().to_string(),
        id: window.id.to_string(),
        name_zh: window.name_zh,
        name_en: window.name_en,
    }
}

pub(super) fn staff_to_proto(staff: Staff) -> proto::Staff {
    proto::Staff {
        login: staff.login.to_string(),
        name: staff.name,
        center: staff.center.map(|code| code.to_string()).unwrap_or_default(),
        department: staff.department.map(|id| id.to_string()).unwrap_or_default(),
        window: staff.window.map(|id| id.to_string()).unwrap_or_default(),
        roles: staff.roles.iter().map(|role| role_to_proto(*role) as i32).collect(),
        active: staff.active,
    }
}
