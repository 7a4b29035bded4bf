-module(mochi_transport).
-moduledoc """
How requests leave: the behaviour of a transport, and which one is used.

The host of a sandbox has the first word (`m:beambox_http`). On stock OTP it is gun where that is installed, else OTP's own client. The configuration `transport` names a
module with this behaviour, or `none` for no network at all.
""".

-export([choose/0]).
-export_type([origin/0, request/0, part/0, sink/0, reason/0]).

-type origin() :: {http | https, Host :: binary(), inet:port_number()}.
-type request() :: #{method := binary(), url := binary(), origin := origin(), path := binary(),
                     headers := [{binary(), binary()}], body := binary(), timeout := pos_integer(), max_body := pos_integer(),
                     redirects => non_neg_integer()}.
-type part() :: {status, 100..599, [{binary(), binary()}]} | {data, binary()}.
-doc "Takes the parts of an answer; `stop` ends the request with that error.".
-type sink() :: fun((part(), Acc :: term()) -> {ok, Acc :: term()} | {stop, reason()}).
-type reason() :: refused | timeout | closed | {too_large, pos_integer()} | {connect, term()} | {tls, term()} | term().

-doc "Can this transport be used in this VM?".
-callback available() -> boolean().
-doc "Called in the pool's process. What is a process is monitored, and opened anew when it has ended.".
-callback open(origin()) -> {ok, Connection :: term()} | {error, reason()}.
-doc "Called in a process of the request's own, which is killed when the request's time is over.".
-callback request(Connection :: term(), request(), sink(), Acc :: term()) -> {ok, Acc :: term()} | {error, reason()}.
-doc "Called in the pool's process.".
-callback close(Connection :: term()) -> ok.

-doc "The transport to use.".
-spec choose() -> {ok, module()} | none.
choose() ->
    case mochi_app:env(transport, auto) of
        none -> none;
        auto -> first([mochi_transport_host, mochi_transport_gun, mochi_transport_httpc]);
        Module -> first([Module])
    end.

first([]) -> none;
first([M | Ms]) ->
    case M:available() of
        true -> {ok, M};
        false -> first(Ms)
    end.
