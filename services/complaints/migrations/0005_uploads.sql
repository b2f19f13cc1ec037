-- Files of complaints are kept where all files are, under the digest of their content; an upload comes ahead of its
-- complaint. A file that was kept as a row before this stays one.
create table complaints.upload (
  id         uuid primary key,
  file_name  text not null,
  media_type text not null,
  size       bigint not null,
  sha256     bytea not null check (octet_length(sha256) = 32),
  at         timestamptz not null,
  used_by    text references complaints.complaint
);

alter table complaints.attachment
  alter column content drop not null,
  add column sha256 bytea check (octet_length(sha256) = 32),
  add constraint attachment_is_kept check ((content is null) <> (sha256 is null));
