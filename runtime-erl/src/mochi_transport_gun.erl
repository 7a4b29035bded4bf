-module(mochi_transport_gun).
-moduledoc """
Requests through gun 2, where it is installed: one connection per pool, HTTP/2 where the server has it, certificates verified.

The module's name is only known at run time, so that nothing here needs gun to be compiled or checked.
""".

-behaviour(mochi_transport).

-export([available/0, open/1, request/4, close/1]).

-doc false.
-spec available() -> boolean().
available() -> mochi_app:has(gun()).

gun() -> mochi_app:env(gun, gun).

-doc false.
-spec open(mochi_transport:origin()) -> {ok, pid()} | {error, mochi_transport:reason()}.
open({Scheme, Host, Port}) ->
    Gun = gun(),
    _ = application:ensure_all_started(Gun),
    Options = #{retry => 2, retry_timeout => 200},
    try Gun:open(binary_to_list(Host), Port, transport(Scheme, Host, Options)) of
        {ok, Pid} -> {ok, Pid};
        {error, Why} -> {error, {connect, Why}}
    catch error:Why -> {error, {tls, Why}}
    end.

transport(http, _, Options) -> Options#{transport => tcp};
transport(https, Host, Options) ->
    Check = public_key:pkix_verify_hostname_match_fun(https),
    Options#{transport => tls, protocols => [http2, http],
             tls_opts => [{verify, verify_peer}, {cacerts, public_key:cacerts_get()}, {depth, 100},
                          {server_name_indication, binary_to_list(Host)}, {customize_hostname_check, [{match_fun, Check}]}]}.

-doc false.
-spec close(pid()) -> ok.
close(Pid) ->
    Gun = gun(),
    _ = Gun:close(Pid),
    ok.

-doc false.
-spec request(pid(), mochi_transport:request(), mochi_transport:sink(), term()) ->
          {ok, term()} | {error, mochi_transport:reason()}.
request(Pid, #{method := Method, path := Path, headers := Headers, body := Body, timeout := Timeout}, Sink, Acc) ->
    Gun = gun(),
    case Gun:await_up(Pid, Timeout) of
        {ok, _} ->
            Ref = Gun:request(Pid, Method, Path, Headers, Body, #{reply_to => self()}),
            answer(Gun, Pid, Ref, Timeout, Sink, Acc);
        {error, timeout} -> {error, timeout};
        {error, Why} -> {error, {connect, Why}}
    end.

answer(Gun, Pid, Ref, Timeout, Sink, Acc) ->
    case Gun:await(Pid, Ref, Timeout) of
        {inform, _, _} -> answer(Gun, Pid, Ref, Timeout, Sink, Acc);
        {response, Fin, Status, Headers} -> go_on(Gun, Pid, Ref, Timeout, Sink, Fin, Sink({status, Status, Headers}, Acc));
        {data, Fin, Bytes} -> go_on(Gun, Pid, Ref, Timeout, Sink, Fin, Sink({data, Bytes}, Acc));
        {trailers, _} -> {ok, Acc};
        {error, timeout} -> {error, timeout};
        {error, {closed, _}} -> {error, closed};
        {error, Why} -> {error, Why}
    end.

go_on(_, _, _, _, _, fin, {ok, Acc}) -> {ok, Acc};
go_on(Gun, Pid, Ref, Timeout, Sink, nofin, {ok, Acc}) -> answer(Gun, Pid, Ref, Timeout, Sink, Acc);
go_on(Gun, Pid, Ref, _, _, _, {stop, Why}) ->
    _ = Gun:cancel(Pid, Ref),
    _ = Gun:flush(Ref),
    {error, Why}.
