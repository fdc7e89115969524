//! The files of the page, as `frontend-codegen/graphiql/build.mjs` prints this table; never edited by hand.

use crate::http::page::File;

/// Every file by its name below `/graphiql/`. A name holds the hash of what is in it; `index.html` is the page itself.
pub const FILES: &[File] = &[
    File {
        name: "codicon-37A3DWZT.ttf",
        media_type: "font/ttf",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/codicon-37A3DWZT.ttf.gz"),
    },
    File {
        name: "editor-UCSXT6J4.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/editor-UCSXT6J4.js.gz"),
    },
    File {
        name: "graphql-KTR6YVLK.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/graphql-KTR6YVLK.js.gz"),
    },
    File {
        name: "index.html",
        media_type: "text/html; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/index.html.gz"),
    },
    File {
        name: "json-FTUVB4NH.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/json-FTUVB4NH.js.gz"),
    },
    File {
        name: "licences-D8D31EAC.txt",
        media_type: "text/plain; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/licences-D8D31EAC.txt.gz"),
    },
    File {
        name: "main-G2OQYJ3I.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/main-G2OQYJ3I.js.gz"),
    },
    File {
        name: "main-KK6W62PH.css",
        media_type: "text/css; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/main-KK6W62PH.css.gz"),
    },
    File {
        name: "part-35KKMUHQ.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-35KKMUHQ.js.gz"),
    },
    File {
        name: "part-365UKO4L.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-365UKO4L.js.gz"),
    },
    File {
        name: "part-6OWBDSMQ.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-6OWBDSMQ.js.gz"),
    },
    File {
        name: "part-7P5WC2MI.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-7P5WC2MI.js.gz"),
    },
    File {
        name: "part-AJHP4OON.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-AJHP4OON.js.gz"),
    },
    File {
        name: "part-B4PWPPHR.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-B4PWPPHR.js.gz"),
    },
    File {
        name: "part-EGSZOFJS.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-EGSZOFJS.js.gz"),
    },
    File {
        name: "part-EJSJKJRF.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-EJSJKJRF.js.gz"),
    },
    File {
        name: "part-FAAOBYHO.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-FAAOBYHO.js.gz"),
    },
    File {
        name: "part-FBPXQHPR.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-FBPXQHPR.js.gz"),
    },
    File {
        name: "part-GINP7Q4S.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-GINP7Q4S.js.gz"),
    },
    File {
        name: "part-J6PUI3N3.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-J6PUI3N3.js.gz"),
    },
    File {
        name: "part-JMX4DN76.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-JMX4DN76.js.gz"),
    },
    File {
        name: "part-MGQKTEQJ.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-MGQKTEQJ.js.gz"),
    },
    File {
        name: "part-MLR52LXY.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-MLR52LXY.js.gz"),
    },
    File {
        name: "part-NL7EUGO5.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-NL7EUGO5.js.gz"),
    },
    File {
        name: "part-NP47KKTV.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-NP47KKTV.js.gz"),
    },
    File {
        name: "part-QPEUZK2L.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-QPEUZK2L.js.gz"),
    },
    File {
        name: "part-QXEG6EFB.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-QXEG6EFB.js.gz"),
    },
    File {
        name: "part-RC4UCFY3.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-RC4UCFY3.js.gz"),
    },
    File {
        name: "part-UP37GSTP.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-UP37GSTP.js.gz"),
    },
    File {
        name: "part-X2IEPP44.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-X2IEPP44.js.gz"),
    },
    File {
        name: "part-YDGPL6GY.js",
        media_type: "text/javascript; charset=utf-8",
        gzipped: include_bytes!("../../../frontend-codegen/graphiql/built/part-YDGPL6GY.js.gz"),
    },
];
