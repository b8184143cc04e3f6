-- A clinic as the first schema (clinic.0001_initial) kept it: rows of real people's kind in every table, for both
-- engines. What is sealed was sealed by that version, with the keys that test_upgrade.py derives. Never changed again:
-- whatever comes later has to read this.
INSERT INTO clinic_person (id, password, last_login, is_superuser, username, first_name, last_name, is_staff, is_active, date_joined, email, role, is_approved, date_of_birth, phone_number, address, location, time_zone, language, is_demo, created_at, updated_at)
VALUES (1, 'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$4kXWbm0n0PpPqYl1mO0Fqj3JmVx1o3n5D2bC1a0Z9Yw', NULL, TRUE, 'head', 'Johanna', 'Sørensen', TRUE, TRUE, '2026-11-02 09:01:00.250000', 'Head@Example.org', 'ADMIN', TRUE, NULL, '', '', '', 'Europe/Berlin', 'en', FALSE, '2026-11-02 09:01:00.250000', '2026-11-02 09:02:00.250000');
INSERT INTO clinic_person (id, password, last_login, is_superuser, username, first_name, last_name, is_staff, is_active, date_joined, email, role, is_approved, date_of_birth, phone_number, address, location, time_zone, language, is_demo, created_at, updated_at)
VALUES (2, 'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$4kXWbm0n0PpPqYl1mO0Fqj3JmVx1o3n5D2bC1a0Z9Yw', NULL, FALSE, 'd.okafor', 'Daniel', 'Okafor', FALSE, TRUE, '2026-11-02 09:02:00.250000', 'okafor@example.org', 'DOCTOR', TRUE, NULL, '', '', '', 'Europe/Berlin', 'en', FALSE, '2026-11-02 09:02:00.250000', '2026-11-02 09:03:00.250000');
INSERT INTO clinic_person (id, password, last_login, is_superuser, username, first_name, last_name, is_staff, is_active, date_joined, email, role, is_approved, date_of_birth, phone_number, address, location, time_zone, language, is_demo, created_at, updated_at)
VALUES (3, 'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$4kXWbm0n0PpPqYl1mO0Fqj3JmVx1o3n5D2bC1a0Z9Yw', NULL, FALSE, 'd.pending', 'Mei', 'Lin', FALSE, TRUE, '2026-11-02 09:03:00.250000', 'lin@example.org', 'DOCTOR', FALSE, NULL, '', '', '', 'Europe/Berlin', 'en', FALSE, '2026-11-02 09:03:00.250000', '2026-11-02 09:04:00.250000');
INSERT INTO clinic_person (id, password, last_login, is_superuser, username, first_name, last_name, is_staff, is_active, date_joined, email, role, is_approved, date_of_birth, phone_number, address, location, time_zone, language, is_demo, created_at, updated_at)
VALUES (4, 'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$4kXWbm0n0PpPqYl1mO0Fqj3JmVx1o3n5D2bC1a0Z9Yw', NULL, FALSE, 'front', 'Olga', 'O''Brien', FALSE, TRUE, '2026-11-02 09:04:00.250000', 'front@example.org', 'RECEPTIONIST', TRUE, NULL, '', '', '', 'Europe/Berlin', 'en', FALSE, '2026-11-02 09:04:00.250000', '2026-11-02 09:05:00.250000');
INSERT INTO clinic_person (id, password, last_login, is_superuser, username, first_name, last_name, is_staff, is_active, date_joined, email, role, is_approved, date_of_birth, phone_number, address, location, time_zone, language, is_demo, created_at, updated_at)
VALUES (5, 'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$4kXWbm0n0PpPqYl1mO0Fqj3JmVx1o3n5D2bC1a0Z9Yw', NULL, FALSE, 'ana', 'Ana', 'Núñez', FALSE, TRUE, '2026-11-02 09:05:00.250000', 'ana@example.org', 'PATIENT', TRUE, '1988-02-29', '+49 30 1234567', 'Weidenweg 4, 10249 Berlin', 'Berlin', 'Europe/Berlin', 'de', FALSE, '2026-11-02 09:05:00.250000', '2026-11-02 09:06:00.250000');
INSERT INTO clinic_person (id, password, last_login, is_superuser, username, first_name, last_name, is_staff, is_active, date_joined, email, role, is_approved, date_of_birth, phone_number, address, location, time_zone, language, is_demo, created_at, updated_at)
VALUES (6, 'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$4kXWbm0n0PpPqYl1mO0Fqj3JmVx1o3n5D2bC1a0Z9Yw', NULL, FALSE, 'ben', 'Ben', 'Aydın', FALSE, TRUE, '2026-11-02 09:06:00.250000', '', 'PATIENT', TRUE, '1951-12-31', '030 765', 'Weidenweg 4, 10249 Berlin', 'Berlin', 'Europe/Berlin', 'en', FALSE, '2026-11-02 09:06:00.250000', '2026-11-02 09:07:00.250000');
INSERT INTO clinic_person (id, password, last_login, is_superuser, username, first_name, last_name, is_staff, is_active, date_joined, email, role, is_approved, date_of_birth, phone_number, address, location, time_zone, language, is_demo, created_at, updated_at)
VALUES (7, 'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHRzYWx0c2FsdA$4kXWbm0n0PpPqYl1mO0Fqj3JmVx1o3n5D2bC1a0Z9Yw', NULL, FALSE, 'gone', 'Gregor', 'Alt', FALSE, FALSE, '2026-11-02 09:07:00.250000', 'gone@example.org', 'PATIENT', TRUE, NULL, '', '', '', 'Europe/Berlin', 'en', FALSE, '2026-11-02 09:07:00.250000', '2026-11-02 09:08:00.250000');
INSERT INTO auth_group (id, name)
VALUES (1, 'Night shift');
INSERT INTO clinic_person_groups (id, person_id, group_id)
VALUES (1, 4, 1);
INSERT INTO clinic_person_user_permissions (id, person_id, permission_id)
SELECT 1, 4, min(id) FROM auth_permission;
INSERT INTO clinic_clinic (id, name, time_zone, rooms)
VALUES (1, 'Praxis am Park', 'Europe/Berlin', '["Room 1", " room 1 ", "Röntgen", ""]');
INSERT INTO clinic_closure ("day", reason)
VALUES ('2026-12-25', 'Christmas Day');
INSERT INTO clinic_doctor (person_id, specialization, appointment_duration, max_patients_per_day)
VALUES (2, 'Cardiology', 20, 18);
INSERT INTO clinic_doctor (person_id, specialization, appointment_duration, max_patients_per_day)
VALUES (3, '', 30, NULL);
INSERT INTO clinic_workingwindow (id, weekday, start_time, end_time, doctor_id)
VALUES (1, 0, '09:00:00', '12:00:00', 2);
INSERT INTO clinic_workingwindow (id, weekday, start_time, end_time, doctor_id)
VALUES (2, 0, '13:30:00', '17:00:00', 2);
INSERT INTO clinic_workingwindow (id, weekday, start_time, end_time, doctor_id)
VALUES (3, 4, '08:00:00', '12:30:00', 2);
INSERT INTO clinic_timeoff (id, "start", "end", reason, created_at, doctor_id)
VALUES (1, '2026-12-23 23:00:00', '2027-01-03 23:00:00', 'Holidays', '2026-11-02 09:20:00.250000', 2);
INSERT INTO clinic_appointment (id, seal, "start", "end", status, reason, notes, ticket, priority, arrived_at, called_at, room, estimated_start, confirmed_at, version, sequence, created_at, updated_at, called_by_id, patient_id, doctor_id)
VALUES (1, '3cf9e771938c5191a9b3da62aa30c50c', '2026-11-02 08:00:00', '2026-11-02 08:20:00', 'COMPLETED', '', X'01026b31121a160dc67d2eeca3f28bd747dfba6f51a1e58e01ebd057a669296c1eaff0256b2016dc0bd3e56019865b8a150ac5cbdaa6cfffd04000445aa68d74a137f80153d0cd', 'A1', 0, '2026-11-02 07:51:10.004000', '2026-11-02 08:01:00', 'Room 1', NULL, NULL, 5, 0, '2026-11-02 09:21:00.250000', '2026-11-02 09:22:00.250000', 2, 5, 2);
INSERT INTO clinic_appointment (id, seal, "start", "end", status, reason, notes, ticket, priority, arrived_at, called_at, room, estimated_start, confirmed_at, version, sequence, created_at, updated_at, called_by_id, patient_id, doctor_id)
VALUES (2, '61ec59c3c208570a989a00b77553d997', '2026-11-02 08:00:00', '2026-11-02 08:20:00', 'CANCELLED', 'It''s better', X'01026b313f27f4d9fc74f5c70726a91764fe9cd7118c7d229d12885b3a733832', '', 0, NULL, NULL, '', NULL, NULL, 2, 1, '2026-11-02 09:21:00.250000', '2026-11-02 09:22:00.250000', NULL, 6, 2);
INSERT INTO clinic_appointment (id, seal, "start", "end", status, reason, notes, ticket, priority, arrived_at, called_at, room, estimated_start, confirmed_at, version, sequence, created_at, updated_at, called_by_id, patient_id, doctor_id)
VALUES (3, '92471d43b66556e49c14b3aaaa851414', '2026-11-09 08:20:00', '2026-11-09 08:40:00', 'SCHEDULED', '', X'01026b32435aa34aeb80928794ea13285b107f7206b817245731c8e105643d5344dae9aa4c6175394415dbea50e33f22', '', 2, NULL, NULL, '', '2026-11-09 08:35:00', '2026-11-02 09:30:00.250000', 1, 0, '2026-11-02 09:21:00.250000', '2026-11-02 09:22:00.250000', NULL, 6, 2);
INSERT INTO clinic_appointment (id, seal, "start", "end", status, reason, notes, ticket, priority, arrived_at, called_at, room, estimated_start, confirmed_at, version, sequence, created_at, updated_at, called_by_id, patient_id, doctor_id)
VALUES (4, 'ecb1c29968a9513e96109b43692ca66b', '2026-11-03 08:20:00', '2026-11-03 08:40:00', 'NO_SHOW', '', X'01026b32d9aea07cecb0f6e90843773d1f3772907bdafc2d5d7a32bb53250b66', '', 0, NULL, NULL, '', NULL, NULL, 1, 0, '2026-11-02 09:21:00.250000', '2026-11-02 09:22:00.250000', NULL, 5, 2);
INSERT INTO clinic_healthrecord (id, seal, reference, record_type, title, description, voided_at, version, created_at, updated_at, appointment_id, patient_id, doctor_id)
VALUES (1, '4f6f34d626325b7a9d1491e5765572ea', 'HR-2026-000001', 'CONSULTATION', X'01026b326142b5d390235a964c96c7b7a03a689e936ae1115fc96c49671c65618f51b717d1f95f58e7fe95adb54c1b28eda5b8321f9e', X'01026b3242f266ce13143057588293d1b95815eff6e37db206cae6076c1ae4899bebbf22727bd07ed9e97a960daf0cd44645cc0bb125d4daf23bcedc9ad267316dd5e234153f', NULL, 1, '2026-11-02 09:23:00.250000', '2026-11-02 09:24:00.250000', 1, 5, 2);
INSERT INTO clinic_healthrecord (id, seal, reference, record_type, title, description, voided_at, version, created_at, updated_at, appointment_id, patient_id, doctor_id)
VALUES (2, '4ebd8216502d574eb7f6ca5b37364145', 'HR-2026-000002', 'OTHER', X'01026b32c8cfc8fbcc026f5609d03f68e703a2000a65a99044bd69c8b1795a2f1a070be4951f7da053', X'01026b32aed787c389f528b42a8464b8e212e4b17b7ff1b1f50d3d6487b108d6541a727e1220181a439b07403910984425bdb71421', NULL, 3, '2026-11-02 09:23:00.250000', '2026-11-02 09:24:00.250000', NULL, 5, NULL);
INSERT INTO clinic_healthrecord (id, seal, reference, record_type, title, description, voided_at, version, created_at, updated_at, appointment_id, patient_id, doctor_id)
VALUES (3, 'a8ebec8261b254b48619a46d77e80bb6', 'HR-2026-000003', 'CONSULTATION', X'01026b32f69df011b41a4993f07cc8866575bfc8dd9de135fc2e7928d45d63abb97747faedeaa1d521a5610ac657e20112cda5f9434b', X'01026b32e16ca89c55233f45e8aa4eb3d3df0a414d913922206174fd6232a253', '2026-11-02 09:25:00.250000', 1, '2026-11-02 09:23:00.250000', '2026-11-02 09:24:00.250000', 2, 6, 2);
INSERT INTO clinic_healthrecord (id, seal, reference, record_type, title, description, voided_at, version, created_at, updated_at, appointment_id, patient_id, doctor_id)
VALUES (4, 'f54c1354f8a65c19825e2190c2ad6111', 'HR-2026-000004', 'CONSULTATION', X'01026b32e904ca817bd9ad47cb1e8fa659709c894a60eb2bdf723f7e2fd9b89a07cb8f54e560f8c559abf7b2402d188ee1bc5dfebff9', X'01026b323cb44d2d34426616fcf2c73112b3c9ad20c842811ccf1f639904f296', NULL, 1, '2026-11-02 09:23:00.250000', '2026-11-02 09:24:00.250000', 3, 6, 2);
INSERT INTO clinic_epoch (id, "value")
VALUES (1, '40789d914b765b5b8065ee213194de5e');
INSERT INTO clinic_event (id, type, "at", subject_kind, subject_id, cause, request_id, actor_id)
VALUES ('776201633b115d8199fc415b1e98aa0d', 'hours.changed', '2026-11-02 09:31:00.250000', 'doctor', 2, '', 'r-1', 2);
INSERT INTO clinic_event (id, type, "at", subject_kind, subject_id, cause, request_id, actor_id)
VALUES ('fa79adfbc6165a3392be4e603fafd4a3', 'appointment.booked', '2026-11-02 09:32:00.250000', 'appointment', 1, 'key-1', 'r-2', 5);
INSERT INTO clinic_event (id, type, "at", subject_kind, subject_id, cause, request_id, actor_id)
VALUES ('acbd24f97aca5abaaa917915f0efdb6d', 'appointment.cancelled', '2026-11-02 09:33:00.250000', 'appointment', 2, '', 'r-3', 6);
INSERT INTO clinic_event (id, type, "at", subject_kind, subject_id, cause, request_id, actor_id)
VALUES ('5e3b4cbd755350a88902d331726f43c4', 'appointment.booked', '2026-11-02 09:34:00.250000', 'appointment', 3, '', 'r-4', 4);
INSERT INTO clinic_event (id, type, "at", subject_kind, subject_id, cause, request_id, actor_id)
VALUES ('2b28762d93755ee8b27960a506cc8b71', 'slot.freed', '2026-11-02 09:36:00.250000', 'doctor', 2, '', '', NULL);
INSERT INTO clinic_entry (id, seal, topic, seq, "at", body, event_id)
VALUES (1, 'e701975170f45e21b36992363da74b24', 'calendar.2', 42, '2026-11-02 09:32:00.250000', X'01026b32499bb6cd640580bf338af412a174a79bf6c6d4c12681fcd32a79f86ada58d09be9ab11217492eec79365feebcd3f5659f226da4a2b0ae520316883d937de37102ff2fac97d4c3889090a9d0c4ecea9f558adb0e1e63ece75d2d39a538ec80da2b9ed7316460826cbe70e8d95b886b9b6e830fd5a881665815f121710aa8e46ccacd7667ea6d2c9d481f2ac02bd5e18b55934015f8410f4d20ce1033771c55b36b545524c42f4f6c9af0db98735d9c25e23f68dea7275fde19069e133', 'fa79adfbc6165a3392be4e603fafd4a3');
INSERT INTO clinic_entry (id, seal, topic, seq, "at", body, event_id)
VALUES (2, 'f9d00f4f89cd52458a763295ac7b58b3', 'calendar.2', 43, '2026-11-02 09:34:00.250000', X'01026b3277d1a607385e04524c2f898f0c68423874d578c004164134dd7bda9b330718a1ad77e1c63bf40ed531886a1d009c3622846cc64826ceb359ef909779d9b83f1632f71136a859616feb6d959ba27260e389eb47a9cbbf35f2bf5db47dd9ec0eeadf1b8bd92e5ef0de87c9d4d2672a8ea616d0ec2fc91590e0ab9490b7183778a1abc0eac8f7d012600851d3df1f988c469763353e054475ad5dc5f0ff010b8ca743773f50b7809b2336116f600b2dcbe4c848b95eabd5fe893106e67f', '5e3b4cbd755350a88902d331726f43c4');
INSERT INTO clinic_entry (id, seal, topic, seq, "at", body, event_id)
VALUES (3, '67a3610b2d555f4bb258ddfd1daf5ef5', 'slots.2', 6, '2026-11-02 09:31:00.250000', X'01026b32450e2ce416d5459195c15d30a181233d0e416a416081102da752698132e685ca5f09494ebce919022ca501f25f281512d6f59214393f1aa661ee4a0502f4ce1957946219721477d65fca082adb20052c65e6c0d8daf2348f0104b0fb35e4e40b682fd867a664b598df66d9975d785ba16556a5ba1732abc9128c05473c26c86e079ca1882bad547c2c56282502b3bff69d5a51de656c731efece6d4ff354c9ec115675d650ea19af95d94dab14d87643e4632c570b8627', '776201633b115d8199fc415b1e98aa0d');
INSERT INTO clinic_entry (id, seal, topic, seq, "at", body, event_id)
VALUES (4, '257990daf3c45098bf0441451e018c8e', 'slots.2', 7, '2026-11-02 09:35:00.250000', X'01026b326e8ca0bca1f88b497424ff91f1118e795e5a34c3ad1180cb21e9ee6034fcf52ef66a00c9a479b32d1cbf10335f27ee3cf67dd214d871ba9d4a55c1966d52628216f2bcf914d7f5786cc536016be00c183b2ac3993ca897cc5032ca21a1fd2a7c1b8a184aeb30a95576298458c0e46e5302fc08b4bdd3cfee682609e33dec58ba82e3d279907ae062fca27c31d202bd67865470a84d04689cc25fd9d76e878699e38c053b94eac4172a113664d0ec4cecb9b41c31', '2b28762d93755ee8b27960a506cc8b71');
INSERT INTO clinic_entry (id, seal, topic, seq, "at", body, event_id)
VALUES (5, '8316502ca758505bae09b710cf043b23', 'user.5', 12, '2026-11-02 09:32:00.250000', X'01026b32d29e31d7b5611a5a1c14eaf33bd9a4682ebc3ec866ccd5aa19bda74914a35e60b268f669086fc371e725471d609f2b313db6085fa7dde2b3a8f8abd75de12ff54254c64dcb7d987914e29d8ad0e557f0b9c2fe21580390ea41524299f384186bac8a77f9175c15414caee15732a2b7e8025ab19685541c927c7c499e1609ff16b6270c5e78f95b25ca877ec0054f12b1f6e2ab01ab91f1bbee881b6aaf47f8f999b47354e9b414cc1e5b1b7bc02e0342c10ea66ed454410b09bbb1d5', 'fa79adfbc6165a3392be4e603fafd4a3');
INSERT INTO clinic_entry (id, seal, topic, seq, "at", body, event_id)
VALUES (6, 'f3e64b3f09645e17bccc15870a892b51', 'desk', 98, '2026-11-02 09:33:00.250000', X'01026b320fae51a1bb96749b22f38fbd615527181f869fd42debc23a38595fb15863a94eadac764c6d48235712f5ba3156dc6088d2689b01bebf6039c15ef9e61ff406ab0b567ae7fde83fc3a1013bbf3efc2a0769f6cd7449fddbbde32750bcdf6e69917d6c8f7be4e305b86f265980e3021d3ca4e2e6624d51b946962541dfab9fc503fe23dd6f7b983bebf908918be99adf6495221f286d40092665ccf027a25cc4119c3f7ccb3ed2aa2a8c11f91100ae08f849019b8d64ea151f7d1d37f900bb69', 'acbd24f97aca5abaaa917915f0efdb6d');
INSERT INTO clinic_entry (id, seal, topic, seq, "at", body, event_id)
VALUES (7, 'ffadd1ce476459489c54948d60231ea8', 'desk', 99, '2026-11-02 09:34:00.250000', X'01026b326e862423f69fd3ecc6c8ffdbfa7f9e093d2ed99d5c02a12e02479baa4f3f1daa4e3fd435a137482327198d400bb3357bff6453be1a20a195c9f40988308287381b5707902415bd06dc0f1a9839d4063235c5d9e7c9d81d4a05f9e1d25a29625e25f92084bf5e73298600bb1d259fbbf8c0247ac1c4ebd1cdf40cdc51664b9fa2eb80bdf78b930b92af8bee6a87fec11f43860c8ed68a2c0f2a94983f4be7eb9bc8b2fa393181e86d248879c5622f8dddd3f250e755a43da3611d7d18', '5e3b4cbd755350a88902d331726f43c4');
INSERT INTO clinic_topichead (topic, seq)
VALUES ('calendar.2', 43);
INSERT INTO clinic_topichead (topic, seq)
VALUES ('slots.2', 7);
INSERT INTO clinic_topichead (topic, seq)
VALUES ('user.5', 12);
INSERT INTO clinic_topichead (topic, seq)
VALUES ('desk', 99);
INSERT INTO clinic_notification (id, seal, seq, type, title, message, subject_kind, subject_id, read_at, created_at, person_id)
VALUES (1, '0b483b92f15d5ade9a6e6101e35ca9c0', 12, 'appointment.booked', X'01026b32aad388e5607e7d93ecf078af99ec11e3d567aa58da1e29d95534fdc78435ca35d535b66ced2e56ae1e4cc68556bc4459', X'01026b32d07c9acdec4fb61af2b8c69e2a3880e7f3de1d0ee05d1764cff5338e5c2f0e9b732ddcabf3fd5534c8512caab707609282c2fa15bd98c8d9daa78c3697', 'appointment', 1, '2026-11-02 09:40:00.250000', '2026-11-02 09:32:00.250000', 5);
INSERT INTO clinic_session (id, device, generation, rotated_at, created_at, last_seen_at, expires_at, ended_at, person_id)
VALUES ('9403e94deb2050e18779b18b2803da2e', 'Firefox on Ana''s phone', 7, '2026-11-02 09:41:00.250000', '2026-11-02 09:02:00.250000', '2026-11-02 09:41:00.250000', '2026-11-03 09:41:00', NULL, 5);
INSERT INTO clinic_session (id, device, generation, rotated_at, created_at, last_seen_at, expires_at, ended_at, person_id)
VALUES ('d09e29668dba54c2909dd9330332f4fc', '', 1, '2026-11-02 09:03:00.250000', '2026-11-02 09:03:00.250000', '2026-11-02 09:03:00.250000', '2026-11-03 09:03:00', '2026-11-02 09:09:00.250000', 4);
INSERT INTO clinic_idempotentanswer (id, seal, path, "key", body_digest, status, body, created_at, person_id)
VALUES (1, 'a4c081cb881959d8bf4ea7d397eae0dc', '/api/appointments/book/', 'key-1', '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881', 201, X'01026b3216a8af42eb65e9db450f12c07a5ea6e52bd802276a1fb0a167370f6cb2427909b99184e9dbe0884302d0c5c1b29c92401e', '2026-11-02 09:32:00.250000', 5);
