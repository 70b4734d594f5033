"""Delivery status notifications in the shapes that mail servers write."""

POSTFIX = """\
From MAILER-DAEMON  Mon Nov 23 19:05:02 2026
Return-Path: <>
X-Original-To: tickets@example.org
Delivered-To: tickets@example.org
Received: by mx.example.org (Postfix) id 4F1A22; Mon, 23 Nov 2026 19:05:02 +0100 (CET)
Date: Mon, 23 Nov 2026 19:05:02 +0100 (CET)
From: MAILER-DAEMON@mx.example.org (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: tickets@example.org
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="9B2C31.1795457102/mx.example.org"
Content-Transfer-Encoding: 8bit
Message-Id: <20261123180502.4F1A22@mx.example.org>

This is a MIME-encapsulated message.

--9B2C31.1795457102/mx.example.org
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

I'm sorry to have to inform you that your message could not be delivered.

<{recipient}>: host mail.example.net[192.0.2.7] said: 550 5.1.1 unknown user

--9B2C31.1795457102/mx.example.org
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org
X-Postfix-Queue-ID: 9B2C31
X-Postfix-Sender: rfc822; tickets@example.org
Arrival-Date: Mon, 23 Nov 2026 19:05:01 +0100 (CET)

Final-Recipient: rfc822; {recipient}
Original-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.net
Diagnostic-Code: smtp; 550 5.1.1 <{recipient}>: Recipient address rejected:
    User unknown in virtual mailbox table

--9B2C31.1795457102/mx.example.org
Content-Description: Undelivered Message
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

Return-Path: <tickets@example.org>
Received: from taquilla (unknown [192.0.2.9]) by mx.example.org (Postfix) with ESMTP id 9B2C31
From: "Faro Studio" <tickets@example.org>
To: {recipient}
Subject: You have a seat
Message-ID: {message_id}
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=_mixed"

--=_mixed
Content-Type: multipart/alternative; boundary="=_alternative"

--=_alternative
Content-Type: text/plain; charset=utf-8

Your seat is kept.
--=_alternative--
--=_mixed--

--9B2C31.1795457102/mx.example.org--
"""

EXCHANGE = """\
Received: from AM0PR01MB0001.eurprd01.prod.exchangelabs.com (2603:10a6::1) by
 DB0PR01MB0002.eurprd01.prod.exchangelabs.com with HTTPS; Mon, 23 Nov 2026 18:05:04 +0000
MIME-Version: 1.0
From: <postmaster@contoso.example>
To: <tickets@example.org>
Date: Mon, 23 Nov 2026 18:05:03 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="b0c1d2e3-f405-4617-8829-3a4b5c6d7e8f"
Content-Language: en-US
Message-ID: <5e1d7a52-77aa-4f0a-8a7e-0a4f3f0f6d11@AM0PR01MB0001.eurprd01.prod.exchangelabs.com>
In-Reply-To: {message_id}
References: {message_id}
Thread-Topic: You have a seat
Subject: Undeliverable: You have a seat
Auto-Submitted: auto-replied
X-MS-Exchange-Message-Is-Ndr:

--b0c1d2e3-f405-4617-8829-3a4b5c6d7e8f
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="c1d2e3f4-0516-4728-993a-4b5c6d7e8f90"

--c1d2e3f4-0516-4728-993a-4b5c6d7e8f90
Content-Type: text/plain; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

Your message to {recipient} couldn't be delivered.=20

--c1d2e3f4-0516-4728-993a-4b5c6d7e8f90
Content-Type: text/html; charset="us-ascii"
Content-Transfer-Encoding: quoted-printable

<html><body>Your message to {recipient} couldn't be delivered.</body></html>

--c1d2e3f4-0516-4728-993a-4b5c6d7e8f90--

--b0c1d2e3-f405-4617-8829-3a4b5c6d7e8f
Content-Type: message/delivery-status

Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.exchangelabs.com
Received-From-MTA: dns;mx.example.org
Arrival-Date: Mon, 23 Nov 2026 18:05:02 +0000

Final-Recipient: rfc822;{recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound;
 Recipient not found by SMTP address lookup
X-Display-Name: {recipient}


--b0c1d2e3-f405-4617-8829-3a4b5c6d7e8f
Content-Type: text/rfc822-headers

Received: from mx.example.org (192.0.2.9) by AM0PR01MB0001.eurprd01.prod.exchangelabs.com
 with Microsoft SMTP Server (version=TLS1_3); Mon, 23 Nov 2026 18:05:02 +0000
From: Faro Studio <tickets@example.org>
To: {recipient}
Subject: You have a seat
Message-ID:
 {message_id}

--b0c1d2e3-f405-4617-8829-3a4b5c6d7e8f--
"""

GMAIL = """\
Delivered-To: tickets@example.org
Return-Path: <>
Received: from mail-sor-f69.google.com (mail-sor-f69.google.com. [209.85.220.69])
        by mx.google.com with SMTPS id abc; Mon, 23 Nov 2026 10:05:05 -0800 (PST)
To: tickets@example.org
Auto-Submitted: auto-replied
From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
Message-ID: <674a0b1c.050a0220.1a2b3c.0001.GMR@mx.google.com>
Date: Mon, 23 Nov 2026 10:05:05 -0800 (PST)
Subject: Delivery Status Notification (Failure)
References: <somebody.before@example.org> {message_id}
In-Reply-To: {message_id}
X-Failed-Recipients: {recipient}
Content-Type: multipart/report; boundary="000000000000d3f1a20627a1b2c3"; report-type=delivery-status

--000000000000d3f1a20627a1b2c3
Content-Type: multipart/related; boundary="000000000000d3f60a0627a1b2c4"

--000000000000d3f60a0627a1b2c4
Content-Type: multipart/alternative; boundary="000000000000d3f6110627a1b2c5"

--000000000000d3f6110627a1b2c5
Content-Type: text/plain; charset="UTF-8"

** Address not found **

Your message wasn't delivered to {recipient}.

--000000000000d3f6110627a1b2c5
Content-Type: text/html; charset="UTF-8"

<html><head></head><body><h2>Address not found</h2></body></html>

--000000000000d3f6110627a1b2c5--
--000000000000d3f60a0627a1b2c4
Content-Type: image/png; name="icon.png"
Content-Disposition: attachment; filename="icon.png"
Content-Transfer-Encoding: base64
Content-ID: <icon.png>

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg
gg==
--000000000000d3f60a0627a1b2c4--
--000000000000d3f1a20627a1b2c3
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.com
Arrival-Date: Mon, 23 Nov 2026 10:05:04 -0800 (PST)
X-Original-Message-ID: {message_id}

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Remote-MTA: dns; gmail-smtp-in.l.google.com. (2a00:1450:400c::1a, the server for the domain.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
Last-Attempt-Date: Mon, 23 Nov 2026 10:05:05 -0800 (PST)

--000000000000d3f1a20627a1b2c3
Content-Type: message/rfc822

From: Faro Studio <tickets@example.org>
To: {recipient}
Date: Mon, 23 Nov 2026 18:05:01 +0000
Message-ID: {message_id}
Subject: You have a seat
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

Your seat is kept.

--000000000000d3f1a20627a1b2c3--
"""

SHAPES = {"postfix": POSTFIX, "exchange": EXCHANGE, "gmail": GMAIL}


def notice(
    shape: str = POSTFIX,
    *,
    message_id: str = "<confirmation.1@example.org>",
    recipient: str = "ana@example.net",
    action: str = "failed",
    status: str = "5.1.1",
) -> bytes:
    """A notification about one mail, with the line ends of SMTP."""
    text = shape.format(message_id=message_id, recipient=recipient, action=action, status=status)
    return text.replace("\n", "\r\n").encode()
