%% erlang:decode_packet/3: every kind of packet, whole, cut short and wrong, with every limit.
-module(packets).
-export([main/0]).

main() ->
    [t(T, B, O) || T <- [raw, 0, 1, 2, 4], B <- [<<>>, <<0>>, <<1>>, <<1, 2, 3>>, <<0, 2, 3, 4, 5>>, <<0, 0, 0, 1, 9, 8>>, <<255, 255, 255, 255, 1>>], O <- [[], [{packet_size, 1}]]],
    [t(asn1, B, []) || B <- [<<>>, <<48>>, <<48, 0>>, <<48, 2, 1, 2, 3>>, <<48, 129, 2, 1, 2, 3>>, <<48, 130, 0, 1, 7>>, <<48, 131, 0, 0, 1, 7, 8>>, <<48, 132, 0, 0, 0, 1, 7>>, <<48, 133, 0, 0, 0, 0, 1, 7>>, <<31, 129, 1, 1, 5>>, <<31, 129>>, <<48, 128, 1>>]],
    [t(sunrm, B, []) || B <- [<<>>, <<128, 0, 0, 1, 5, 6>>, <<0, 0, 0, 2, 1>>]],
    [t(cdr, B, []) || B <- [<<"GIOP", 1, 0, 0, 0, 0, 0, 0, 2, 5, 6, 7>>, <<"GIOP", 1, 0, 1, 0, 2, 0, 0, 0, 5, 6, 7>>, <<"GIOX", 1, 0, 1, 0, 2, 0, 0, 0, 5, 6, 7>>, <<"GIOP">>]],
    [t(fcgi, B, []) || B <- [<<1, 0, 0, 0, 0, 2, 3, 0, "ab", 0, 0, 0, "rest">>, <<2, 0, 0, 0, 0, 2, 3, 0, "ab", 0, 0, 0>>, <<1, 0>>]],
    [t(tpkt, B, []) || B <- [<<3, 0, 0, 6, 1, 2, 3>>, <<2, 0, 0, 6, 1, 2, 3>>, <<3, 0, 0, 2>>, <<3>>]],
    [t(line, B, O) || B <- [<<>>, <<"ab">>, <<"ab\ncd">>, <<"ab\r\ncd\n">>, <<"abcdefgh">>, <<"abcdefgh\n">>, <<"a;b\n">>], O <- [[], [{line_length, 4}], [{packet_size, 4}], [{line_delimiter, $;}], [{line_length, 3}, {packet_size, 5}]]],
    [t(ssl_tls, B, []) || B <- [<<22, 3, 1, 0, 2, 1, 2, 3>>, <<22, 3, 1, 0, 2, 1>>, <<128, 5, 1, 3, 1, 9, 8, 7>>, <<22>>, <<23, 3, 3, 0, 0>>]],
    Requests = [<<"GET / HTTP/1.1\r\n">>, <<"GET /a?b=c HTTP/1.0\nrest">>, <<"FOO * HTTP/1.1\r\n">>, <<"OPTIONS * HTTP/1.1\r\nX">>,
        <<"GET http://www.erlang.org/product HTTP/1.1\r\n">>, <<"GET https://h:8042/x HTTP/1.1\r\n">>, <<"GET http://h HTTP/1.1\r\n">>,
        <<"GET HTTP://h:x/ HTTP/1.1\r\n">>, <<"GET http://[::1]:4000/p HTTP/1.1\r\n">>, <<"GET http://[::1]/p HTTP/1.1\r\n">>, <<"CONNECT host:443 HTTP/1.1\r\n">>,
        <<"GET foo:bar HTTP/1.1\r\n">>, <<"GET foo HTTP/1.1\r\n">>, <<"GET /\r\n">>, <<"GET \r\n">>, <<"GET\r\n">>, <<"\r\n">>, <<"\n">>, <<>>, <<"GET / HTTP/1">>,
        <<"GET / HTTP/1.x\r\n">>, <<"GET / HTTQ/1.1\r\n">>, <<"GET / abc\r\n">>, <<"HTTP/1.1 200 OK\r\n">>, <<"HTTP/1.0 404\r\n">>, <<"HTTP/1.0 404 \r\n">>,
        <<"HTTP/11.22 3 A B  C \r\n">>, <<"HTTP/1 200 OK\r\n">>, <<"HTTP/1.1  200   Fine\r\nrest">>, <<"HTTP/1.1 x\r\n">>, <<"HTTP/1.1\r\n">>, <<"G@T / HTTP/1.1\r\n">>, <<" GET / HTTP/1.1\r\n">>,
        <<"GET  \t /x  HTTP/1.1\r\n">>, <<"DELETE /x HTTP/1.12345678901\r\n">>, <<"PUT /å HTTP/1.1\r\n"/utf8>>],
    [t(T, B, []) || T <- [http, http_bin], B <- Requests],
    Headers = [<<"\r\n">>, <<"\r\nX">>, <<"\n">>, <<"Host: a\r\n">>, <<"Host: a\r\n\r\n">>, <<"hOST:b\r\nX: y\r\n">>, <<"Host: a\r\n b\r\nX">>, <<"Host: a\r\n\tb\r\n c\nX">>,
        <<"x-my-header:  v \r\nX">>, <<"X_y: 1\nX">>, <<"content-md5: 1\nX">>, <<"SET-COOKIE2: 1\nX">>, <<"www-AUTHENTICATE: 1\nX">>, <<"No Colon: 1\nX">>, <<"NoColon\nX">>, <<": 1\nX">>,
        <<"Empty:\r\nX">>, <<(binary:copy(<<"aB">>, 25))/binary, ": 1\nX">>, <<(binary:copy(<<"aB">>, 26))/binary, ": 1\nX">>, <<"Cookie: a=b\r\n">>],
    [t(T, B, []) || T <- [httph, httph_bin], B <- Headers],
    [t(T, B, O) || {T, B} <- [{http, <<"GET / HTTP/1.1\r\n">>}, {http, <<"GET / HT">>}, {httph, <<"Host: abcdef\r\nX">>}, {httph, <<"Host: abcdef">>}], O <- [[{packet_size, 8}], [{line_length, 8}], [{packet_size, 100}, {line_length, 3}]]],
    [t(T, B, O) || T <- [foo, 3, {a}, 1.0], B <- [<<>>], O <- [[]]],
    [t(T, B, O) || T <- [raw, line], B <- [a, <<1:3>>, <<"ab">>], O <- [[], a, [a], [{packet_size, -1}], [{packet_size, a}], [{packet_size, 1 bsl 32}], [{line_delimiter, 256}], [{line_delimiter, $b}], [{packet_size, 3} | x]]],
    [t(raw, B, []) || B <- [binary_part(<<"abcdef">>, 1, 3)]],
    <<_:4, B/bitstring>> = <<0:4, "abc\ndef">>,
    t(line, B, []).

t(T, B, O) ->
    R = try erlang:decode_packet(T, B, O)
        catch C:E:St -> {M, F, _, I} = hd(St), {C, E, M, F, proplists:get_value(error_info, I)} end,
    io:format("~w ~w ~w~n  ~0p~n", [T, B, O, R]).
