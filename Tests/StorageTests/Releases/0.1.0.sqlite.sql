-- The schema of cupel 0.1.0 and a few rows of every table, as sqlite3 .dump writes them.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE schema_migrations (
    number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL);
INSERT INTO schema_migrations VALUES(100,'jobs and their events','sha256:3645cfea5a0802401bfd9c5f2bd9e4bbcf033b7b84c2de935aa53502478ccc44',1790000000000000);
INSERT INTO schema_migrations VALUES(200,'artefacts by digest','sha256:0cd379bbd030b65ead2c62bb80caf091f5264a0ff7febbd993aa0352af1e8c29',1790000000000000);
INSERT INTO schema_migrations VALUES(300,'playbooks','sha256:e6bf3f7d6c7cf967f81573189347ef257e28b8d20db68f4152b8911ea7797532',1790000000000000);
INSERT INTO schema_migrations VALUES(400,'calls','sha256:1922563f62245b387a34e74a900cea7995c5134836ba10f6f3aa1c7a24a49383',1790000000000000);
INSERT INTO schema_migrations VALUES(500,'assays','sha256:6aa0eaac29ea43de9ec8d6142f4739438b88547509d8954b4882601cbcbf38ad',1790000000000000);
INSERT INTO schema_migrations VALUES(900,'idempotency keys','sha256:e1e3d63be7d151c3c7d394810f022a4c662e0fade4a752b0ab25474801cee72c',1790000000000000);
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, queue TEXT NOT NULL, priority BIGINT NOT NULL,
    state TEXT NOT NULL, payload TEXT NOT NULL, result TEXT, error_code TEXT, error_message TEXT,
    attempt BIGINT NOT NULL, failures BIGINT NOT NULL, crashes BIGINT NOT NULL,
    maximum_failures BIGINT NOT NULL, timeout_us BIGINT NOT NULL, unique_key TEXT,
    progress DOUBLE PRECISION NOT NULL, note TEXT NOT NULL, cancel_requested BIGINT NOT NULL,
    worker TEXT, lease_until BIGINT, run_at BIGINT NOT NULL, rank BIGINT NOT NULL,
    created_at BIGINT NOT NULL, started_at BIGINT, finished_at BIGINT);
INSERT INTO jobs VALUES('01a0c450-6c01-7001-8000-000000000001','playbook.create','playbooks',1,'queued','{"ask":"create the directory /srv/größe, owner ''www-data''; mode 0750"}',NULL,NULL,NULL,0,0,0,1,900000000,NULL,0.0,'waiting',0,NULL,NULL,1790000000001000,1790000060001000,1790000000001000,NULL,NULL);
INSERT INTO jobs VALUES('01a0c450-6c02-7002-8000-000000000002','playbook.create','playbooks',1,'queued','{"ask":"install nginx"}',NULL,'provider_connection_failed','The upstream http://127.0.0.1:9/v1 does not answer.',1,1,0,3,900000000,'daily',0.0,'waiting to be tried again',0,NULL,NULL,1790000000002000,1790000060002000,1790000000002000,1790000000009000,NULL);
INSERT INTO jobs VALUES('01a0c450-6c03-7003-8000-000000000003','playbook.create','playbooks',1,'running','{"ask":"install nginx"}',NULL,NULL,NULL,1,0,0,1,900000000,NULL,0.4000000000000000222,'the model''s answer',0,'01a0c450-6c00-703c-8000-00000000003c',1790000010000000,1790000000003000,1790000060003000,1790000000003000,1790000000020000,NULL);
INSERT INTO jobs VALUES('01a0c450-6c04-7004-8000-000000000004','playbook.create','playbooks',1,'running','{"ask":"install htop"}',NULL,NULL,NULL,2,0,0,1,900000000,'once',0.0,'started',1,'01a0c450-6c00-703c-8000-00000000003c',1790000010000000,1790000000004000,1790000060004000,1790000000004000,1790000000021000,NULL);
INSERT INTO jobs VALUES('01a0c450-6c05-7005-8000-000000000005','playbook.create','playbooks',1,'succeeded','{"ask":"install nginx"}','{"playbook":"01a0c450-6c28-7028-8000-000000000028","verdict":"pass","digest":"sha256:5bab4e62ff93b89592c60d3ad2313f710c4aed406a699bdafe256977b0897649"}',NULL,NULL,1,0,0,1,900000000,NULL,1.0,'done',0,'01a0c450-6c00-703c-8000-00000000003c',1790000009000000,1790000000005000,1790000060005000,1790000000005000,1790000000030000,1790000004000000);
INSERT INTO jobs VALUES('01a0c450-6c06-7006-8000-000000000006','playbook.create','playbooks',1,'failed','{"ask":"write a poem about the moon"}',NULL,'nothing_fits','No module fits the ask. Near are: copy, file, template.',1,1,0,1,900000000,NULL,0.0,'failed',0,'01a0c450-6c00-703c-8000-00000000003c',1790000009000000,1790000000006000,1790000060006000,1790000000006000,1790000000031000,1790000000040000);
INSERT INTO jobs VALUES('01a0c450-6c07-7007-8000-000000000007','playbook.create','playbooks',1,'failed','{"ask":"install nginx"}',NULL,'quarantined','Its worker died 3 times; look at the log before you retry it.',3,0,3,1,900000000,'once',0.0,'Its worker died 3 times; look at the log before you retry it.',0,'01a0c450-6c00-703d-8000-00000000003d',1790000009000000,1790000000007000,1790000060007000,1790000000007000,1790000000032000,1790000060000000);
INSERT INTO jobs VALUES('01a0c450-6c08-7008-8000-000000000008','playbook.create','playbooks',1,'cancelled','{"ask":"install nginx"}',NULL,NULL,NULL,0,0,0,1,900000000,NULL,0.0,'cancelled',0,NULL,NULL,1790000000008000,1790000060008000,1790000000008000,NULL,1790000000050000);
INSERT INTO jobs VALUES('01a0c450-6c09-7009-8000-000000000009','playbook.evaluate','playbooks',2,'queued','{"cases":"asks:\n  - ask: install htop\n    expect:\n      - { module: package, args: { name: htop } }\n"}',NULL,NULL,NULL,0,0,0,1,3600000000,NULL,0.0,'waiting',0,NULL,NULL,1790000000009000,1790000120009000,1790000000009000,NULL,NULL);
CREATE TABLE job_events (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, job_id TEXT NOT NULL, at BIGINT NOT NULL,
    kind TEXT NOT NULL, data TEXT NOT NULL);
INSERT INTO job_events VALUES(1,'01a0c450-6c01-7001-8000-000000000001',1790000000001000,'state','{"state":"queued"}');
INSERT INTO job_events VALUES(2,'01a0c450-6c02-7002-8000-000000000002',1790000000002000,'state','{"state":"queued"}');
INSERT INTO job_events VALUES(3,'01a0c450-6c03-7003-8000-000000000003',1790000000003000,'state','{"state":"queued"}');
INSERT INTO job_events VALUES(4,'01a0c450-6c04-7004-8000-000000000004',1790000000004000,'state','{"state":"queued"}');
INSERT INTO job_events VALUES(5,'01a0c450-6c05-7005-8000-000000000005',1790000000005000,'state','{"state":"queued"}');
INSERT INTO job_events VALUES(6,'01a0c450-6c06-7006-8000-000000000006',1790000000006000,'state','{"state":"queued"}');
INSERT INTO job_events VALUES(7,'01a0c450-6c07-7007-8000-000000000007',1790000000007000,'state','{"state":"queued"}');
INSERT INTO job_events VALUES(8,'01a0c450-6c08-7008-8000-000000000008',1790000000008000,'state','{"state":"queued"}');
INSERT INTO job_events VALUES(9,'01a0c450-6c09-7009-8000-000000000009',1790000000009000,'state','{"state":"queued"}');
INSERT INTO job_events VALUES(10,'01a0c450-6c02-7002-8000-000000000002',1790000000009000,'state','{"state":"running","attempt":1}');
INSERT INTO job_events VALUES(11,'01a0c450-6c02-7002-8000-000000000002',1790000000009500,'state','{"state":"queued","error":{"code":"provider_connection_failed","message":"The upstream http://127.0.0.1:9/v1 does not answer."}}');
INSERT INTO job_events VALUES(12,'01a0c450-6c03-7003-8000-000000000003',1790000000020000,'state','{"state":"running","attempt":1}');
INSERT INTO job_events VALUES(13,'01a0c450-6c03-7003-8000-000000000003',1790000000025000,'progress','{"progress":0.4,"note":"the model''s answer","data":{"step":"answer"}}');
INSERT INTO job_events VALUES(14,'01a0c450-6c05-7005-8000-000000000005',1790000000030000,'state','{"state":"running","attempt":1}');
INSERT INTO job_events VALUES(15,'01a0c450-6c05-7005-8000-000000000005',1790000004000000,'state','{"state":"succeeded"}');
INSERT INTO job_events VALUES(16,'01a0c450-6c06-7006-8000-000000000006',1790000000031000,'state','{"state":"running","attempt":1}');
INSERT INTO job_events VALUES(17,'01a0c450-6c06-7006-8000-000000000006',1790000000040000,'state','{"state":"failed","error":{"code":"nothing_fits","message":"No module fits the ask. Near are: copy, file, template."}}');
INSERT INTO job_events VALUES(18,'01a0c450-6c07-7007-8000-000000000007',1790000060000000,'state','{"state":"failed","error":{"code":"quarantined","message":"Its worker died 3 times; look at the log before you retry it."}}');
INSERT INTO job_events VALUES(19,'01a0c450-6c08-7008-8000-000000000008',1790000000050000,'state','{"state":"cancelled"}');
CREATE TABLE artefacts (
    digest TEXT PRIMARY KEY, kind TEXT NOT NULL, media_type TEXT NOT NULL, size BIGINT NOT NULL,
    bytes BLOB NOT NULL, created_at BIGINT NOT NULL);
INSERT INTO artefacts VALUES('sha256:5bab4e62ff93b89592c60d3ad2313f710c4aed406a699bdafe256977b0897649','playbook','application/yaml',163,X'2d2d2d0a2d206e616d653a20496e7374616c6c206e67696e780a2020686f7374733a20616c6c0a20206265636f6d653a20747275650a20207461736b733a0a202020202d206e616d653a20496e7374616c6c206e67696e780a202020202020616e7369626c652e6275696c74696e2e7061636b6167653a0a20202020202020206e616d653a206e67696e780a202020202020202073746174653a2070726573656e740a',1790000004000000);
INSERT INTO artefacts VALUES('sha256:40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880','probe','application/octet-stream',256,X'000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff',1790000004000001);
CREATE TABLE playbooks (
    id TEXT PRIMARY KEY, ask TEXT NOT NULL, digest TEXT NOT NULL REFERENCES artefacts (digest),
    verdict TEXT NOT NULL, reason TEXT NOT NULL, model TEXT NOT NULL, job_id TEXT NOT NULL,
    authored TEXT NOT NULL, assay TEXT NOT NULL, inspection TEXT NOT NULL, created_at BIGINT NOT NULL);
INSERT INTO playbooks VALUES('01a0c450-6c28-7028-8000-000000000028','install nginx','sha256:5bab4e62ff93b89592c60d3ad2313f710c4aed406a699bdafe256977b0897649','pass','Nothing was found.','smollm2','01a0c450-6c05-7005-8000-000000000005','{"yaml":"---\n- name: Install nginx\n  hosts: all\n  become: true\n  tasks:\n    - name: Install nginx\n      ansible.builtin.package:\n        name: nginx\n        state: present\n","timings":{"planning_ms":3.5,"answering_ms":2100.0,"composing_ms":0.4,"linting_ms":800.0}}','{"digest":"sha256:5bab4e62ff93b89592c60d3ad2313f710c4aed406a699bdafe256977b0897649","bytes":163,"verdict":"pass","reason":"Nothing was found.","layers":["secrets"],"rule_pack":"2026.11.1","truncated":false,"times":{"pass":120},"findings":[],"allowances":[]}','{"ansible_lint":{"version":"25.1.0","findings":[]}}',1790000004000000);
CREATE TABLE calls (
    id TEXT PRIMARY KEY, upstream TEXT NOT NULL, model_asked TEXT NOT NULL, model_answered TEXT,
    purpose TEXT NOT NULL, started_at BIGINT NOT NULL, first_byte_us BIGINT,
    duration_us BIGINT NOT NULL, attempts BIGINT NOT NULL, structured_mode TEXT,
    input_tokens BIGINT, output_tokens BIGINT, finish TEXT, outcome TEXT NOT NULL);
INSERT INTO calls VALUES('01a0c450-6c00-7046-8000-000000000046','local','smollm2','smollm2','playbook',1790000000031000,210000,2100000,1,'json_schema',812,64,'stop','ok');
INSERT INTO calls VALUES('01a0c450-6c01-7047-8000-000000000047','http://127.0.0.1:9/v1','m',NULL,'playbook',1790000000009100,NULL,400,3,NULL,NULL,NULL,NULL,'provider_connection_failed');
CREATE TABLE assays (
    id TEXT PRIMARY KEY, digest TEXT NOT NULL, verdict TEXT NOT NULL, assay TEXT NOT NULL,
    created_at BIGINT NOT NULL);
INSERT INTO assays VALUES('01a0c450-6c00-7050-8000-000000000050','sha256:5bab4e62ff93b89592c60d3ad2313f710c4aed406a699bdafe256977b0897649','pass','{"digest":"sha256:5bab4e62ff93b89592c60d3ad2313f710c4aed406a699bdafe256977b0897649","bytes":163,"verdict":"pass","reason":"Nothing was found.","layers":["secrets"],"rule_pack":"2026.11.1","truncated":false,"times":{"pass":120},"findings":[],"allowances":[],"id":"01a0c450-6c00-7050-8000-000000000050","path":"site.yml","created_at":"2026-09-21T14:13:20.000Z"}',1790000005000000);
CREATE TABLE idempotency_keys (
    name TEXT PRIMARY KEY, body TEXT NOT NULL, job_id TEXT NOT NULL, expires_at BIGINT NOT NULL);
INSERT INTO idempotency_keys VALUES('order 1 of today','sha256:4f91510252ad8a20198ef8f37c9ba24226e9abc1c54701fbf393935998f661d6','01a0c450-6c05-7005-8000-000000000005',1790086400000000);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('job_events',19);
CREATE INDEX jobs_waiting ON jobs (rank) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (lease_until) WHERE state = 'running';
CREATE UNIQUE INDEX jobs_unique ON jobs (kind, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('queued', 'running');
CREATE INDEX job_events_by_job ON job_events (job_id, sequence);
CREATE UNIQUE INDEX playbooks_by_job ON playbooks (job_id);
COMMIT;
